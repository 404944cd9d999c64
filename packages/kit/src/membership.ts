import type { Bus } from './bus.ts'
import { notFound } from './errors.ts'
import type { Log } from './log.ts'
import { openAnswers } from './membership.answers.ts'
import { openMemory } from './membership.memory.ts'
import { membershipChannel } from './membership.publish.ts'
import * as store from './membership.redis.ts'
import type { Call } from './peer.ts'
import type { Redis } from './redis.ts'

export type WorkspaceRole = 'owner' | 'admin' | 'member'

/** A person's role in a workspace, null for none. `version` is the workspace's membership version it was read at; 0 for no such workspace. */
export interface Membership {
  role: WorkspaceRole | null
  version: number
}
/** The members of a workspace changed: `version` is its membership version from now on. */
export interface MembershipChange {
  workspaceId: string
  version: number
}

export interface Memberships {
  /**
   * Whether a person is in a workspace, and as what; never older than a second. `fresh` decides without what this
   * process remembers: for joining, adding or making something. 503 where neither Redis nor user-service can say.
   */
  of(workspaceId: string, userId: string, options?: { fresh?: boolean }): Promise<Membership>
  /**
   * The same of several people, each under their id: one round trip to Redis, and for all whom it does not know one call
   * of user-service (one for each 200).
   */
  among(
    workspaceId: string,
    userIds: readonly string[],
    options?: { fresh?: boolean },
  ): Promise<ReadonlyMap<string, Membership>>
  /** The role; 404 for who is not in the workspace. */
  require(workspaceId: string, userId: string, options?: { fresh?: boolean }): Promise<WorkspaceRole>
  /** Called with each change that is published; what may have been lost is found by `versions`. Gives the function that ends it. */
  onChange(listener: (change: MembershipChange) => void): () => void
  /** The highest versions known, for those workspaces that have one, in one round trip. Throws without Redis. */
  versions(workspaceIds: readonly string[]): Promise<Map<string, number>>
  close(): Promise<void>
}

/**
 * The answer of user-service, from what this process remembers or else from Redis or user-service itself, which are asked
 * once for all who wait. What is remembered goes with the published change; `remember: false` (Lambda) keeps nothing.
 */
export const openMembership = ({
  redis,
  bus,
  call,
  log,
  clock,
  remember = true,
}: {
  redis: Redis
  bus: Pick<Bus, 'subscribe'>
  call: Call
  log: Log
  clock: { now(): number }
  remember?: boolean
}): Memberships => {
  const listeners = new Set<(change: MembershipChange) => void>()
  const memory = openMemory()
  const ask = openAnswers({ redis, call })
  let heard = 0

  const hear = (message: string) => {
    const [workspaceId, version] = message.split(' ')
    if (!workspaceId || !version) return
    heard++
    memory.forget(workspaceId)
    for (const listener of listeners) {
      try {
        listener({ workspaceId, version: Number(version) })
      } catch (error) {
        log.error({ err: error }, 'a listener to membership failed')
      }
    }
  }
  const unsubscribe = remember ? bus.subscribe(membershipChannel, hear) : undefined

  const readAndRemember = async (workspaceId: string, userIds: readonly string[]) => {
    const now = clock.now()
    const before = heard
    const answers = await ask(workspaceId, userIds)
    if (remember && heard === before) memory.keep(workspaceId, answers, now)
    return answers
  }

  const among: Memberships['among'] = async (workspaceId, userIds, { fresh = false } = {}) => {
    const now = clock.now()
    const answers = new Map<string, Membership | Promise<Membership>>()
    const rest: string[] = []
    for (const userId of new Set(userIds)) {
      const known = fresh ? undefined : memory.get(workspaceId, userId, now)
      if (known) answers.set(userId, known)
      else rest.push(userId)
    }
    if (rest.length > 0) {
      const all = readAndRemember(workspaceId, rest)
      for (const userId of rest)
        answers.set(
          userId,
          all.then((found) => found.get(userId)!),
        )
      memory.expect(workspaceId, rest, all, now)
    }
    return new Map(await Promise.all([...answers].map(async ([userId, answer]) => [userId, await answer] as const)))
  }

  const of: Memberships['of'] = async (workspaceId, userId, options) =>
    (await among(workspaceId, [userId], options)).get(userId)!

  return {
    of,
    among,
    require: async (workspaceId, userId, options) => {
      const { role } = await of(workspaceId, userId, options)
      if (!role) throw notFound('This workspace')
      return role
    },
    onChange: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    versions: (workspaceIds) => store.versions(redis, workspaceIds),
    close: async () => {
      unsubscribe?.()
      listeners.clear()
      memory.clear()
    },
  }
}
