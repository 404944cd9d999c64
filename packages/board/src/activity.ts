import type { PageRequest } from '@wealist/kit/page'
import { see } from './access.ts'
import * as activity from './activity.sql.ts'
import type { Ctx } from './deps.ts'

export const list = async (ctx: Ctx, projectId: string, page: PageRequest) => {
  const { scope, page: answer } = await activity.list(ctx.db, { projectId, userId: ctx.actor.id, page })
  await see(ctx, scope, 'project')
  return answer
}
