import { readAfter } from '@wealist/kit/live/log'
import { Json } from '@wealist/kit/json'
import type { ProjectEvent } from '@wealist/contract/board/events'
import * as rights from './access.sql.ts'
import { see, topicOf } from './access.ts'
import type { Ctx } from './deps.ts'

/** A page of the log after a seq. One that does not begin at the next seq, or is ahead of the log, is a reset. */
export const list = async (ctx: Ctx, projectId: string, { after, limit }: { after: number; limit: number }) => {
  const { frames, seq, reset } = await readAfter(ctx.db, { topic: topicOf(projectId), after, limit })
  // Decided after the log was read, so that nobody is given what happened once they were out.
  await see(ctx, await rights.scope(ctx.db, { via: 'project', id: projectId, userId: ctx.actor.id }), 'project')
  return new Json<{ items: ProjectEvent[]; seq: number; reset: boolean }>(
    `{"items":[${frames.map((frame) => frame.text).join(',')}],"seq":${seq},"reset":${reset}}`,
  )
}
