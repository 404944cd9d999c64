import type { Peer } from '@wealist/kit/actor'
import type { JobCtx } from '@wealist/kit/jobs'
import type { Tx } from '@wealist/kit/tx'
import type { Ctx, Deps } from './deps.ts'
import * as leaving from './leaving.sql.ts'
import { topicOf } from './notifications.ts'

// A transaction that did not see the deletion yet may still be storing something, for ten seconds at most.
const stragglers = 15_000

/** At once, and again for what was on its way. */
export const twice = (ctx: Ctx<Peer>, tx: Tx, job: { name: string; payload: object; key: string }) => {
  tx.addJob(job.name, job.payload, { key: job.key })
  tx.addJob(job.name, job.payload, { key: `${job.key}:again`, runAt: new Date(ctx.clock.now() + stragglers) })
}

export const workspaceDeleted = (ctx: Ctx<Peer>, workspaceId: string) =>
  ctx.tx(async (tx) => {
    await leaving.noteWorkspace(tx, workspaceId)
    twice(ctx, tx, { name: 'workspace.hide', payload: { workspaceId }, key: `workspace:${workspaceId}` })
    return undefined
  })

export const personDeleted = (ctx: Ctx<Peer>, userId: string) =>
  ctx.tx(async (tx) => {
    await leaving.forgetPreferences(tx, userId)
    twice(ctx, tx, { name: 'person.forget', payload: { userId }, key: `person:${userId}` })
    return undefined
  })

const atOnce = 100

/** A person's turn each: one topic a transaction, however many people the workspace had. */
export const hideWorkspace = async (ctx: JobCtx<Deps>, { workspaceId }: { workspaceId: string }) => {
  for (;;) {
    const readers = await leaving.readers(ctx.db, workspaceId, atOnce)
    if (readers.length === 0) return
    for (const userId of readers) {
      ctx.job.signal.throwIfAborted()
      await ctx.tx((tx) => removeOf(tx, { userId, workspaceId }))
    }
  }
}

export const forgetPerson = (ctx: JobCtx<Deps>, { userId }: { userId: string }) =>
  ctx.tx((tx) => removeOf(tx, { userId }))

const removeOf = async (tx: Tx, { userId, workspaceId }: { userId: string; workspaceId?: string }) => {
  const topic = topicOf(userId)
  await tx.hold([topic])
  const ids = await leaving.removeOf(tx, { userId, workspaceId })
  if (ids.length === 0) return
  await tx.erase(topic, ids)
  if (workspaceId) tx.emit(topic, 'notifications.hidden', { workspaceId })
}
