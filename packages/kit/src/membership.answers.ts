import { internal } from '@wealist/contract/user'
import { codeOf } from './errors.ts'
import * as store from './membership.redis.ts'
import type { Membership, WorkspaceRole } from './membership.ts'
import type { Call } from './peer.ts'
import type { Redis } from './redis.ts'

/** Whom user-service tells of in one answer. */
const mostAsked = 200

interface Roles {
  roles: Map<string, WorkspaceRole | null>
  version: number
}

/**
 * What Redis has of user-service's answers, and user-service itself for whom it does not have. An entry in Redis counts
 * only at the highest version known there, so a slow refill cannot bring back what was taken away.
 */
export const openAnswers = ({ redis, call }: { redis: Redis; call: Call }) => {
  const askAndKeep = async (workspaceId: string, userIds: readonly string[], kept: boolean): Promise<Roles> => {
    for (let attempt = 1; ; attempt++) {
      const answer = await askOnce(call, workspaceId, userIds)
      if (!kept || answer.version === 0) return answer
      const known = await store.keep(redis, { workspaceId, ...answer }).catch(() => answer.version)
      // It changed while user-service answered. Only a Redis that knows more than user-service could keep this going.
      if (known <= answer.version || attempt === 3) return answer
    }
  }

  return async (workspaceId: string, userIds: readonly string[]): Promise<Map<string, Membership>> => {
    const found = await store.read(redis, { workspaceId, userIds }).catch(() => undefined)
    const answers = new Map<string, Membership>()
    for (const [i, entry] of (found?.entries ?? []).entries())
      if (entry && found?.known != null && entry.version >= found.known)
        answers.set(userIds[i]!, { role: (entry.role || null) as WorkspaceRole | null, version: entry.version })
    const unknown = userIds.filter((userId) => !answers.has(userId))
    const asked = Array.from({ length: Math.ceil(unknown.length / mostAsked) }, (_, i) =>
      askAndKeep(workspaceId, unknown.slice(i * mostAsked, (i + 1) * mostAsked), found !== undefined),
    )
    for (const { roles, version } of await Promise.all(asked))
      for (const [userId, role] of roles) answers.set(userId, { role, version })
    return answers
  }
}

const askOnce = async (call: Call, workspaceId: string, userIds: readonly string[]): Promise<Roles> => {
  const [userId] = userIds
  if (userId !== undefined && userIds.length === 1) {
    const { role, version } = await call('user', internal.membership, { params: { id: workspaceId, userId } })
    return { roles: new Map([[userId, role]]), version }
  }
  const lookup = () => call('user', internal.memberships, { params: { id: workspaceId }, body: { ids: [...userIds] } })
  // A POST that changes nothing: tried again once, as the peers do with a GET.
  const { items, version } = await lookup().catch((error: unknown) =>
    codeOf(error) === 'UNAVAILABLE' ? lookup() : Promise.reject(error),
  )
  const there = new Map(items.map((item) => [item.userId, item.role]))
  return { roles: new Map(userIds.map((id) => [id, there.get(id) ?? null])), version }
}
