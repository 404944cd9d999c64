import { every } from './beat.ts'
import type { Log } from './log.ts'
import type { Redis } from './redis.ts'
import type { Memory } from './revocations.memory.ts'
import * as store from './revocations.redis.ts'
import type { Revoked } from './revocations.ts'

const poll = 500
const unconfirmed = 10_000
// As many as Redis answers well within the time of a command.
const batch = 200

/**
 * Follows the stream of revocations: read from the last id every 500 ms, and at once on a nudge. What is read is taken to
 * what is `known`, never put in its place; when Redis comes back with nothing, what is known is written back. Has read
 * all there is once it resolves, or is without Redis.
 */
export const followStream = async ({
  redis,
  known,
  take,
  log,
  clock,
}: {
  redis: Redis
  known: Memory
  take: (entry: Revoked) => void
  log: Log
  clock: { now(): number }
}) => {
  let cursor = '0-0'
  let boot: string | undefined
  let confirmedAt = -Infinity
  let closed = false
  let again = false
  let reading: Promise<void> | undefined

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
  const rest = every(poll, nudge)
  redis.on('ready', reconnected)
  nudge()
  await reading

  return {
    nudge,
    /** Whether all there is was read within the last ten seconds. */
    confirmed: () => clock.now() - confirmedAt < unconfirmed,
    close: async () => {
      closed = true
      again = false
      rest()
      redis.off('ready', reconnected)
      await reading
    },
  }
}
