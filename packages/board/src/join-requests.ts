import type { ProjectJoinRequestStatus } from '@wealist/contract/board/join-requests'
import type { GrantedProjectRole } from '@wealist/contract/board/members'
import { alreadyExists, conflict, notFound } from '@wealist/kit/errors'
import { newId } from '@wealist/kit/ids'
import type { PageRequest } from '@wealist/kit/page'
import type * as z from 'zod'
import * as rights from './access.sql.ts'
import { atLeast, change, see, topicOf } from './access.ts'
import type { Ctx } from './deps.ts'
import * as requests from './join-requests.sql.ts'
import * as members from './members.sql.ts'
import * as notices from './notices.ts'

export const list = async (
  ctx: Ctx,
  { projectId, ...asked }: { projectId: string; status: ProjectJoinRequestStatus | undefined; page: PageRequest },
) => {
  const scope = await rights.scope(ctx.db, { via: 'project', id: projectId, userId: ctx.actor.id })
  const role = await see(ctx, scope, 'project')
  return requests.list(ctx.db, { projectId, userId: atLeast(role, 'admin') ? undefined : ctx.actor.id, ...asked })
}

export const create = (ctx: Ctx, projectId: string, message: string) =>
  change(ctx, { via: 'project', id: projectId, least: 'viewer', fresh: true }, async (tx) => {
    const userId = ctx.actor.id
    if ((await members.hold(tx, { projectId, userIds: [userId] })).length > 0)
      throw conflict('You are in this project already.')
    const request = await requests.insert(tx, { id: newId(), projectId, userId, message })
    if (!request) throw alreadyExists('You asked already, and nobody has decided yet.')
    return request
  })

interface Decision {
  projectId: string
  id: string
  status: 'approved' | 'rejected'
  role: z.output<typeof GrantedProjectRole>
}

export const decide = async (ctx: Ctx, { projectId, id, status, role }: Decision) => {
  const userId = await requests.asker(ctx.db, { id, projectId })
  const right = { via: 'project', id: projectId, least: 'admin', fresh: true, people: userId ? [userId] : [] } as const
  const answer = await change(ctx, right, async (tx, { inWorkspace }) => {
    if (!userId) throw notFound('This request')
    if (!inWorkspace(userId)) {
      await requests.withdraw(tx, { id, projectId, userId })
      return undefined
    }
    const request = await requests.decide(tx, { id, status, by: ctx.actor.id })
    if (!request) throw conflict('This request was decided before, or taken back.')
    const member = status === 'approved' ? await members.insert(tx, { projectId, userId, role }) : undefined
    if (member) {
      tx.emit(topicOf(projectId), 'member.added', member)
      notices.invited(tx, ctx.actor, { projectId, userId, role })
    }
    return request
  })
  if (!answer) throw conflict('Who asked has left the workspace.')
  return answer
}

/** One's own request, also where the project became private meanwhile. */
export const withdraw = (ctx: Ctx, { projectId, id }: { projectId: string; id: string }) =>
  ctx.tx(async (tx) => {
    if (!(await requests.withdraw(tx, { id, projectId, userId: ctx.actor.id }))) throw notFound('This request')
    return undefined
  })
