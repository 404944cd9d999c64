import { openLogOf } from '@wealist/kit/live/log'
import { Json } from '@wealist/kit/json'
import type { ProjectEvent } from '@wealist/contract/board/events'
import * as rights from './access.sql.ts'
import { see, topicOf } from './access.ts'
import type { Ctx } from './deps.ts'

/** A page of the log after a seq. One that does not begin at the next seq, or is ahead of the log, is a reset. */
export const list = async (ctx: Ctx, projectId: string, { after, limit }: { after: number; limit: number }) => {
  await see(ctx, await rights.scope(ctx.db, { via: 'project', id: projectId, userId: ctx.actor.id }), 'project')
  const topic = topicOf(projectId)
  const log = openLogOf(ctx.db)
  const frames = await log.read(topic, after, limit)
  const head = (await log.heads([topic])).get(topic)?.head ?? 0
  const reset = frames.length > 0 ? frames[0]!.seq !== after + 1 : after > head
  const items = reset ? [] : frames.map((f) => f.text)
  return new Json<{ items: ProjectEvent[]; seq: number; reset: boolean }>(
    `{"items":[${items.join(',')}],"seq":${head},"reset":${reset}}`,
  )
}
