import { unavailable } from '@wealist/kit/errors'
import type { Ctx } from './deps.ts'

const most = 1000

/** Who is online or away now; and of those asked for, when they were last seen. Known by Redis alone. */
export const list = async (
  ctx: Ctx,
  { workspaceId, userIds = [] }: { workspaceId: string; userIds?: string[] | undefined },
) => {
  await ctx.memberships.require(workspaceId, ctx.actor.id)
  const place = `presence:${workspaceId}`
  const { presence } = ctx.live
  const [people, seen] = await Promise.all([
    presence.people(place),
    userIds.length > 0 ? presence.lastSeen(place, userIds) : new Map<string, number>(),
  ]).catch((error: unknown) => {
    throw Object.assign(unavailable('Who is online is not known for a moment.'), { cause: error })
  })
  const offline = userIds.filter((id) => !people.has(id))
  const lastSeen = (id: string) => {
    const at = seen.get(id)
    return at === undefined ? null : new Date(at).toISOString()
  }
  return {
    items: [
      ...[...people].slice(0, most).map(([userId, state]) => ({ userId, state, lastSeen: lastSeen(userId) })),
      ...offline.map((userId) => ({ userId, state: 'offline' as const, lastSeen: lastSeen(userId) })),
    ],
    nextCursor: null,
  }
}
