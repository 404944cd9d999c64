import type { Person } from './actor.ts'
import type { Config } from './config.ts'
import { unavailable } from './errors.ts'
import type { Log } from './log.ts'
import type { Redis } from './redis.ts'
import { openMemory } from './revocations.memory.ts'
import * as store from './revocations.redis.ts'
import { followStream } from './revocations.stream.ts'
import { madeAt } from './token-time.ts'

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

/** The channel of the bus that says: read now. Whoever has the bus calls `nudge` then. */
export const revocationChannel = 'revocations'

/**
 * Opens what this process knows of revocations and keeps it current, by the stream that all write. `remember: false`
 * (Lambda) reads Redis for every request instead.
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

  const stream = remember ? await followStream({ redis, known, take, log, clock }) : undefined

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
    confirmed: () => stream?.confirmed() ?? true,
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
    nudge: () => stream?.nudge(),
    onRevoked: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    close: async () => stream?.close(),
  }
}
