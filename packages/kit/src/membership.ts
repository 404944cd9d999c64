import { internal } from '@wealist/contract/user'
import type { Bus } from './bus.ts'
import { codeOf, notFound } from './errors.ts'
import type { Live } from './live/live.ts'
import type { Log } from './log.ts'
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
   * process remembers: for joining something live. 503 where neither Redis nor user-service can say.
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
  require(workspaceId: string, userId: string): Promise<WorkspaceRole>
  /** Called with each change that is published; what may have been lost is found by `versions`. Gives the function that ends it. */
  onChange(listener: (change: MembershipChange) => void): () => void
  /** The highest versions known, for those workspaces that have one, in one round trip. Throws without Redis. */
  versions(workspaceIds: readonly string[]): Promise<Map<string, number>>
  close(): Promise<void>
}

const channel = 'membership'
const copyMs = 1000
const joinMs = 500
const mostCopies = 10_000
/** Whom user-service tells of in one answer. */
const mostAsked = 200

/**
 * Says that the members of a workspace changed, for user-service alone: after the commit, and again by a job. Never
 * throws and takes 200 ms at most; false where Redis did not take it.
 */
export const publishMembership = async (redis: Redis, { workspaceId, version }: MembershipChange): Promise<boolean> => {
  // Inside a script neither ioredis nor the bus puts the prefix before a channel.
  const where = `${redis.options.keyPrefix ?? ''}${channel}`
  const raised = store.raise(redis, { workspaceId, version, channel: where, message: `${workspaceId} ${version}` })
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), 200)))
  const done = raised.then(
    () => true,
    () => false,
  )
  return Promise.race([done, late]).finally(() => clearTimeout(timer))
}

/**
 * The cached answer of user-service. An entry in Redis counts only at the highest version known there, so a slow refill
 * cannot bring back what was taken away; without one, user-service is asked, once for all who wait. Copies in the process
 * live a second and go with the published change; `remember: false` (Lambda) keeps none.
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
  // By workspace, then person.
  const copies = new Map<string, Map<string, Membership & { until: number }>>()
  let copied = 0
  const flights = new Map<string, { since: number; answer: Promise<Membership> }>()
  let heard = 0

  const drop = (workspaceId: string) => {
    copied -= copies.get(workspaceId)?.size ?? 0
    copies.delete(workspaceId)
    for (const key of flights.keys()) if (key.startsWith(workspaceId)) flights.delete(key)
  }
  const copy = (workspaceId: string, userId: string, found: Membership & { until: number }) => {
    if (copied >= mostCopies) {
      copies.clear()
      copied = 0
    }
    const ofWorkspace = copies.get(workspaceId) ?? new Map<string, Membership & { until: number }>()
    if (!ofWorkspace.has(userId)) copied++
    copies.set(workspaceId, ofWorkspace.set(userId, found))
  }

  const hear = (message: string) => {
    const [workspaceId, version] = message.split(' ')
    if (!workspaceId || !version) return
    heard++
    drop(workspaceId)
    for (const listener of listeners) {
      try {
        listener({ workspaceId, version: Number(version) })
      } catch (error) {
        log.error({ err: error }, 'a listener to membership failed')
      }
    }
  }
  const unsubscribe = remember ? bus.subscribe(channel, hear) : undefined

  const ask = async (workspaceId: string, userIds: readonly string[], kept: boolean): Promise<Roles> => {
    for (let attempt = 1; ; attempt++) {
      const answer = await askOnce(call, workspaceId, userIds)
      if (!kept || answer.version === 0) return answer
      const known = await store.keep(redis, { workspaceId, ...answer }).catch(() => answer.version)
      // It changed while user-service answered. Only a Redis that knows more than user-service could keep this going.
      if (known <= answer.version || attempt === 3) return answer
    }
  }

  const read = async (workspaceId: string, userIds: readonly string[]): Promise<Map<string, Membership>> => {
    const found = await store.read(redis, { workspaceId, userIds }).catch(() => undefined)
    const answers = new Map<string, Membership>()
    for (const [i, entry] of (found?.entries ?? []).entries())
      if (entry && found?.known != null && entry.version >= found.known)
        answers.set(userIds[i]!, { role: (entry.role || null) as WorkspaceRole | null, version: entry.version })
    const unknown = userIds.filter((userId) => !answers.has(userId))
    const asked = Array.from({ length: Math.ceil(unknown.length / mostAsked) }, (_, i) =>
      ask(workspaceId, unknown.slice(i * mostAsked, (i + 1) * mostAsked), found !== undefined),
    )
    for (const { roles, version } of await Promise.all(asked))
      for (const [userId, role] of roles) answers.set(userId, { role, version })
    return answers
  }

  const readAndRemember = async (workspaceId: string, userIds: readonly string[]) => {
    const now = clock.now()
    const before = heard
    const answers = await read(workspaceId, userIds)
    if (remember && heard === before)
      for (const [userId, answer] of answers) copy(workspaceId, userId, { ...answer, until: now + copyMs })
    return answers
  }

  const among: Memberships['among'] = async (workspaceId, userIds, { fresh = false } = {}) => {
    const now = clock.now()
    const answers = new Map<string, Membership | Promise<Membership>>()
    const rest: string[] = []
    for (const userId of new Set(userIds)) {
      const remembered = fresh ? undefined : copies.get(workspaceId)?.get(userId)
      // One that has been under way for long may have been answered long ago.
      const flying = fresh ? undefined : flights.get(`${workspaceId} ${userId}`)
      if (remembered && now < remembered.until) answers.set(userId, remembered)
      else if (flying && now - flying.since < joinMs) answers.set(userId, flying.answer)
      else rest.push(userId)
    }
    if (rest.length > 0) {
      const all = readAndRemember(workspaceId, rest)
      const mine = rest.map((userId) => {
        const flight = { since: now, answer: all.then((found) => found.get(userId)!) }
        answers.set(userId, flight.answer)
        flights.set(`${workspaceId} ${userId}`, flight)
        return [`${workspaceId} ${userId}`, flight] as const
      })
      const landed = () => {
        for (const [key, flight] of mine) if (flights.get(key) === flight) flights.delete(key)
      }
      all.then(landed, landed)
    }
    return new Map(await Promise.all([...answers].map(async ([userId, answer]) => [userId, await answer] as const)))
  }

  const of: Memberships['of'] = async (workspaceId, userId, options) =>
    (await among(workspaceId, [userId], options)).get(userId)!

  return {
    of,
    among,
    require: async (workspaceId, userId) => {
      const { role } = await of(workspaceId, userId)
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
      copies.clear()
      copied = 0
    },
  }
}

interface Roles {
  roles: Map<string, WorkspaceRole | null>
  version: number
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

/**
 * Has the right of open sockets and streams decided again when the members of their workspace change: on the published
 * change, and, since that may be lost, when a version in Redis moved, looked at each second. While Redis is away nothing
 * is decided. Gives the function that ends it.
 */
export const watchMembership = (
  memberships: Pick<Memberships, 'onChange' | 'versions'>,
  live: Pick<Live, 'workspaces' | 'membershipChanged'>,
  intervalMs = 1000,
): (() => void) => {
  let seen = new Map<string, number>()
  let looking = false
  const off = memberships.onChange(({ workspaceId, version }) => {
    seen.set(workspaceId, version)
    live.membershipChanged(workspaceId)
  })
  const look = async () => {
    if (looking) return
    looking = true
    try {
      const versions = await memberships.versions(live.workspaces())
      // One seen for the first time may have moved since its socket was let in.
      for (const [workspaceId, version] of versions)
        if (seen.get(workspaceId) !== version) live.membershipChanged(workspaceId)
      seen = versions
    } finally {
      looking = false
    }
  }
  const timer = setInterval(() => look().catch(() => undefined), intervalMs).unref()
  return () => {
    off()
    clearInterval(timer)
  }
}
