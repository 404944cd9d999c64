import { conflict, notFound } from '@wealist/kit/errors'
import type { Ctx } from './deps.ts'
import { telling } from './directory.ts'
import * as sessions from './sessions.ts'
import * as users from './users.sql.ts'
import * as workspaces from './workspaces.sql.ts'
import { end } from './workspaces.ts'

/** Long enough for a sign-in that was under way to have ended. */
const blockedMs = 3_600_000

/** Deletes the actor's account: workspaces that nobody else is in go with it, the others are left. */
export const leaveForGood = async (ctx: Ctx) => {
  const userId = ctx.actor.id
  await telling(ctx, async (tx, tell) => {
    // Who brings a person into a workspace holds the person's row first, so none can be added from here on.
    const person = await users.lock(tx, userId)
    if (!person) throw notFound('Your account')
    if (person.role === 'admin' && (await users.holdOtherAdmins(tx, userId)).length === 0)
      throw conflict('You are the last admin of the platform: make somebody else one first.')
    const held = await workspaces.lockAllOf(tx, userId)
    const shared = held.filter((w) => w.isOwner && w.memberCount > 1)
    if (shared.length > 0) throw conflict(`Hand over or delete first: ${shared.map((w) => w.name).join(', ')}.`)
    await end(
      tx,
      tell,
      held.filter((w) => w.isOwner).map((w) => w.id),
    )
    const others = held.filter((w) => !w.isOwner).map((w) => w.id)
    for (const left of await workspaces.leaveAll(tx, { userId, ids: others }))
      tell.member({ ...left, userId, role: null })
    tell.personDeleted(userId)
    const avatar = await users.erase(tx, userId)
    if (avatar) tx.addJob('objects.remove', { keys: [avatar] })
    tx.addJob('sessions.end', { userId, block: true })
    tx.addJob('sessions.unblock', { userId }, { runAt: new Date(ctx.clock.now() + blockedMs) })
    return undefined
  })
  await sessions.endNow(ctx, { userId, block: true })
}
