import { v7 } from 'uuid'
import type { Person } from './actor.ts'
import type { Config } from './config.ts'
import { unavailable } from './errors.ts'
import type { Log } from './log.ts'
import type { Redis } from './redis.ts'
import * as store from './revocations.redis.ts'

export { accessTokenSeconds } from './revocations.redis.ts'

/**
 * What is no longer good: every token that a person got up to `at`, those of some sessions, or one token. `at` is the
 * time of Redis in milliseconds; the entry dies at `until`, when the last token it concerns has run out.
 */
export interface Revoked {
  sub?: string | undefined
  sids: readonly string[]
  jti?: string | undefined
  at: number
  until: number
}

/**
 * What to revoke. `sub`: all that the person has, sessions and tokens; told again with the same `once`, it ends nothing
 * that was begun since. `sids`: sessions that auth ended. `jti`: one token.
 */
export type Revocation = { sub: string; once?: string | undefined } | { sids: readonly string[] } | { jti: string }

/** Whether a person may be signed in. `version` grows with every change of their status or role. */
export interface PersonStanding {
  status: 'active' | 'inactive' | 'suspended'
  version: number
}

/** The parts of a person that a revocation can name. */
export type Bearer = Pick<Person, 'id' | 'sid' | 'jti'>

export interface Revocations {
  /** By what this process remembers; on Lambda, which remembers nothing, always false. */
  isRevoked(person: Bearer): boolean
  /** What a request is decided on: memory, or on Lambda one read of Redis. 503 where that read fails. */
  check(person: Bearer): Promise<boolean>
  /** By a read of Redis now, blocked people included: for tickets and for joining something live. 503 without Redis. */
  freshCheck(person: Bearer): Promise<boolean>
  /** False once nothing was read from Redis for 10 s: then nobody new may join. */
  confirmed(): boolean
  /** Makes it known to every process within a second. Throws 503 without Redis: the caller tries again. */
  revoke(what: Revocation): Promise<void>
  /**
   * Makes sign-in follow a person's row, within a second everywhere: who is not active is blocked and loses all
   * sessions; who is gets unblocked, and keeps the sessions, whose tokens are refused so that the next refresh brings
   * the role they have now. Each version is done once and none after a newer one, in whatever order they are told, so
   * telling it again ends nothing that was begun since. Throws 503 without Redis: the caller tries again.
   */
  follow(sub: string, standing: PersonStanding): Promise<void>
  /** No session, refresh or ticket for this person until `unblock`. Sessions end by `revoke`, afterwards. */
  block(sub: string): Promise<void>
  unblock(sub: string): Promise<void>
  isBlocked(sub: string): Promise<boolean>
  /** Reads now instead of at the next half second. */
  nudge(): void
  /** Called once for each entry that becomes known here. Gives the function that ends it. */
  onRevoked(listener: (entry: Revoked) => void): () => void
  close(): Promise<void>
}

const poll = 500
const unconfirmed = 10_000
// As many as Redis answers well within the time of a command.
const batch = 200

/** The channel of the bus that says: read now. Whoever has the bus calls `nudge` then. */
export const revocationChannel = 'revocations'

/** The id of a token made at this time of Redis, in milliseconds: a UUIDv7, so that a revocation can tell before from after. */
export const tokenIdAt = (ms: number) => v7({ msecs: ms })

/** When a token was made, in milliseconds of Redis' clock, by its id. */
export const madeAt = (jti: string) => Number.parseInt(jti.slice(0, 8) + jti.slice(9, 13), 16)

/** True where the entry ends this person's token. */
export const concerns = (entry: Revoked, person: Bearer) =>
  entry.jti === person.jti ||
  entry.sids.includes(person.sid) ||
  (entry.sub === person.id && madeAt(person.jti) <= entry.at)

// What this process knows: entries by each thing they name, until they die.
const openMemory = (clock: { now(): number }) => {
  const subs = new Map<string, Revoked>()
  const sids = new Map<string, Revoked>()
  const jtis = new Map<string, Revoked>()
  // Gives whether anything in it was new.
  const put = (map: Map<string, Revoked>, key: string, entry: Revoked) => {
    if ((map.get(key)?.at ?? -1) >= entry.at) return false
    map.set(key, entry)
    return true
  }
  return {
    has: (person: Bearer) =>
      sids.has(person.sid) || jtis.has(person.jti) || (subs.get(person.id)?.at ?? -1) >= madeAt(person.jti),
    add: (entry: Revoked) => {
      if (entry.until <= clock.now()) return false
      const news = entry.sids.map((sid) => put(sids, sid, entry))
      if (entry.jti) news.push(put(jtis, entry.jti, entry))
      if (entry.sub) news.push(put(subs, entry.sub, entry))
      return news.includes(true)
    },
    all: () => [...new Set([...subs.values(), ...sids.values(), ...jtis.values()])],
    forget: () => {
      for (const map of [subs, sids, jtis])
        for (const [key, { until }] of map) if (until <= clock.now()) map.delete(key)
    },
  }
}

/**
 * Opens what this process knows of revocations and keeps it current: the stream in Redis is read from the last id every
 * 500 ms, and at once on a nudge. What is read is merged, never put in place of what is known; when Redis comes back
 * with nothing, what is known is written back. `remember: false` (Lambda) reads Redis for every request instead.
 */
export const openRevocations = async ({
  redis,
  config,
  log,
  clock,
  remember = true,
}: {
  redis: Redis
  config: Pick<Config, 'REDIS_PREFIX'>
  log: Log
  clock: { now(): number }
  remember?: boolean
}): Promise<Revocations> => {
  const listeners = new Set<(entry: Revoked) => void>()
  const known = openMemory(clock)
  const channel = config.REDIS_PREFIX + revocationChannel
  let cursor = '0-0'
  let boot: string | undefined
  let confirmedAt = -Infinity
  let closed = false
  let again = false
  let reading: Promise<void> | undefined

  const take = (entry: Revoked) => {
    if (!known.add(entry)) return
    for (const listener of listeners) {
      try {
        listener(entry)
      } catch (error) {
        log.error({ err: error }, 'a listener to revocations failed')
      }
    }
  }

  const read = async () => {
    const asked = clock.now()
    const found = await store.read(redis, cursor)
    if (found.boot !== boot) {
      // Another data set than the one read before: it may lack what this process knows, and its ids begin anew.
      const all = known.all()
      for (let i = 0; i < all.length; i += batch)
        await Promise.all(all.slice(i, i + batch).map((entry) => store.restore(redis, entry)))
      boot = found.boot
      cursor = '0-0'
      again = true
      return
    }
    for (const { id, entry } of found.entries) {
      cursor = id
      take(entry)
    }
    if (found.entries.length === store.pageSize) again = true
    else confirmedAt = asked
  }

  const refresh = async () => {
    try {
      while (again) {
        again = false
        await read()
      }
      known.forget()
    } catch (error) {
      if (redis.status === 'ready') log.warn({ err: error }, 'revocations could not be read')
    } finally {
      reading = undefined
    }
  }
  const nudge = () => {
    if (closed) return
    again = true
    reading ??= refresh()
  }
  // A replica that took over has the same mark and may lack the last entries: everything is compared once more.
  const reconnected = () => {
    boot = undefined
    nudge()
  }
  const timer = remember ? setInterval(nudge, poll).unref() : undefined
  if (remember) {
    redis.on('ready', reconnected)
    nudge()
    await reading
  }

  const away = (error: unknown) => {
    log.warn({ err: error }, 'revocations could not be asked for')
    return unavailable('Whether you are still signed in cannot be told right now.')
  }
  const find = (person: Bearer) => store.find(redis, person, madeAt(person.jti))

  return {
    isRevoked: known.has,
    check: async (person) => {
      if (remember) return known.has(person)
      return find(person).catch((error: unknown) => Promise.reject(away(error)))
    },
    freshCheck: async (person) => {
      const answers = Promise.all([find(person), store.isBlocked(redis, person.id)])
      const [revoked, blocked] = await answers.catch((error: unknown) => Promise.reject(away(error)))
      return revoked || blocked || known.has(person)
    },
    confirmed: () => !remember || clock.now() - confirmedAt < unconfirmed,
    revoke: async (what) => {
      const entry = await store.write(redis, what, channel).catch((error: unknown) => Promise.reject(away(error)))
      if (remember && entry) take(entry)
    },
    follow: async (sub, { status, version }) => {
      const entry = await store
        .follow(redis, { sub, active: status === 'active', version }, channel)
        .catch((error: unknown) => Promise.reject(away(error)))
      if (remember && entry) take(entry)
    },
    block: (sub) => store.block(redis, sub),
    unblock: (sub) => store.unblock(redis, sub),
    isBlocked: (sub) => store.isBlocked(redis, sub),
    nudge,
    onRevoked: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    close: async () => {
      closed = true
      again = false
      clearInterval(timer)
      redis.off('ready', reconnected)
      await reading
    },
  }
}
