import type { Bus } from '../bus.ts'
import type { Redis } from '../redis.ts'
import type { Frame } from './frame.ts'
import { openHeard } from './presence.heard.ts'
import { lastSeen, type People, read, type Standing } from './presence.redis.ts'
import { openSaid } from './presence.said.ts'
import type { Timing } from './timing.ts'

export type { People, Standing }

/** The payload of a `presence` frame: of the whole value, or of what changed since `before`. The same for all of a place. */
export type Show = (people: People, before: People | undefined) => object

/** A person's being somewhere, by one connection. */
export interface Entry {
  stand(standing: Standing): void
  leave(): void
}

/**
 * Who is where, over the whole fleet. Each process says in Redis who is there by it, again each 10 to 30 s, and what is not
 * said again ends after 50 s: a process that dies takes its people along. It nudges the others over the bus, and who
 * listens reads. Best effort: nothing fails or waits while Redis is away, and it is silent then.
 */
export interface Presence {
  /**
   * A person is in a place until every entry of theirs, anywhere, has left. `lastSeen` keeps when that was. One who comes
   * back within a second was not away.
   */
  enter(place: string, userId: string, options?: { lastSeen?: boolean }): Entry
  /**
   * The listeners of the topic of that name hear `{ type: 'presence', payload }` when it changes, each 200 ms at most, a
   * place of hundreds each few seconds. All who hear a place share one `show`; each of them ends it with `deafen`.
   */
  hear(place: string, show: Show): void
  deafen(place: string): void
  /** What one who comes now is told; undefined where it is not known yet, and then it comes as a change. */
  current(place: string): Frame | undefined
  /** Who is there now. Throws while Redis is away. */
  people(place: string): Promise<People>
  /** When people were last in a place that keeps it, in milliseconds since 1970. Throws while Redis is away. */
  lastSeen(place: string, userIds: readonly string[]): Promise<Map<string, number>>
  close(): Promise<void>
}

export interface PresenceParts {
  redis: Redis
  bus: Pick<Bus, 'publish' | 'subscribe' | 'onReturn'>
  timing: Timing
  /** To the listeners of this process. */
  offer(frame: Frame): void
  refreshMs?: number
  expiryMs?: number
  lingerMs?: number
}

export const openPresence = (parts: PresenceParts): Presence => {
  const { redis, bus, timing } = parts
  const said = openSaid(parts)
  const heard = openHeard(parts)
  const forgetBus = bus.onReturn(() => {
    said.refresh()
    heard.refresh()
  })
  return {
    enter: said.enter,
    hear: heard.hear,
    deafen: heard.deafen,
    current: heard.current,
    people: async (place) => (await read(redis, { place, now: timing.now() })).people,
    lastSeen: (place, userIds) => lastSeen(redis, place, userIds),
    close: async () => {
      forgetBus()
      heard.close()
      await said.close()
    },
  }
}

const mostNamed = 200

/** The whole value: `{ userIds, count }`, the ids of 200 at most, whether they are online or away. */
export const named: Show = (people) => ({
  userIds: [...people.keys()].toSorted().slice(0, mostNamed),
  count: people.size,
})

const mostTold = 1000

/**
 * `{ people: [{ userId, state }], whole }` with `online`, `away` or `offline`: whoever is there, `whole`, to one who comes,
 * then those who changed; 1,000 at most.
 */
export const changes: Show = (people, before) => {
  const told = [...people].flatMap(([userId, state]) => (before?.get(userId) === state ? [] : [{ userId, state }]))
  const gone = [...(before?.keys() ?? [])].flatMap((userId) =>
    people.has(userId) ? [] : [{ userId, state: 'offline' as const }],
  )
  return { people: [...told, ...gone].slice(0, mostTold), whole: before === undefined }
}
