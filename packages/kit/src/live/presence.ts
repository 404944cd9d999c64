import type { Bus } from '../bus.ts'
import { newId } from '../ids.ts'
import type { Redis } from '../redis.ts'
import { type Frame, passing } from './frame.ts'
import { type People, type Standing, lastSeen, read, say } from './presence.redis.ts'
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
 * Who is where, over the whole fleet. Each process says in Redis who is there by it, again each 20 s, and what is not
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
   * place of thousands each second or few. Gives the function that ends it.
   */
  hear(place: string, show: Show): () => void
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

interface Place {
  name: string
  lastSeen: boolean
  /** How many connections of a person stand how, by this process. */
  people: Map<string, Record<Standing, number>>
  changed: Set<string>
}
interface Heard {
  name: string
  show: Show
  listeners: number
  people: People | undefined
  reading: boolean
  readAt: number
  due: number | undefined
  callOff: () => void
  leave: () => void
}

const gatherMs = 50
const leastBetween = 200
const retryMs = 2000
const channelOf = (place: string) => `here:${place}`

export const openPresence = ({
  redis,
  bus,
  timing,
  offer,
  refreshMs = 20_000,
  expiryMs = 50_000,
  lingerMs = 1000,
}: PresenceParts): Presence => {
  const process = newId()
  const places = new Map<string, Place>()
  const heard = new Map<string, Heard>()
  let closed = false
  let gathering = false
  let callOffRefresh: (() => void) | undefined

  const standingOf = ({ people }: Place, userId: string): Standing | null => {
    const counts = people.get(userId)
    return counts ? (counts.online > 0 ? 'online' : 'away') : null
  }
  const tell = async (place: Place, userIds: Iterable<string>) => {
    const people = new Map([...userIds].map((id) => [id, standingOf(place, id)]))
    const now = timing.now()
    const { name, lastSeen: kept } = place
    await say(redis, { place: name, process, people, now, until: now + expiryMs, lastSeen: kept })
  }
  const flush = () => {
    gathering = false
    for (const place of places.values()) {
      if (place.changed.size === 0) continue
      const changed = [...place.changed]
      place.changed.clear()
      if (place.people.size === 0) places.delete(place.name)
      tell(place, changed).then(
        () => bus.publish(channelOf(place.name), ''),
        () => void timing.after(retryMs, () => again(place, changed)),
      )
    }
  }
  const again = (place: Place, userIds: string[]) => {
    // Whoever left while Redis was away ends by themselves.
    const there = places.get(place.name)
    if (there) for (const id of userIds) mark(there, id)
  }
  const mark = (place: Place, userId: string) => {
    if (closed) return
    place.changed.add(userId)
    if (gathering) return
    gathering = true
    timing.after(gatherMs, flush)
  }

  const refresh = () => {
    for (const place of places.values()) tell(place, place.people.keys()).catch(() => undefined)
  }
  const keepRefreshing = () => {
    callOffRefresh ??= timing.after(refreshMs, () => {
      callOffRefresh = undefined
      if (closed || places.size === 0) return
      refresh()
      keepRefreshing()
    })
  }

  const look = (h: Heard, ms: number) => {
    const due = timing.now() + Math.max(0, ms)
    if (heard.get(h.name) !== h || (h.due !== undefined && h.due <= due)) return
    h.callOff()
    h.due = due
    h.callOff = timing.after(due - timing.now(), () => void readOf(h))
  }
  const between = (h: Heard) => Math.max(leastBetween, h.people?.size ?? 0)
  const soon = (h: Heard) => look(h, h.readAt + between(h) - timing.now())
  const readOf = async (h: Heard) => {
    h.due = undefined
    if (h.reading) return look(h, leastBetween)
    h.reading = true
    const now = (h.readAt = timing.now())
    try {
      const { people, until } = await read(redis, { place: h.name, now })
      if (heard.get(h.name) !== h) return
      show(h, people)
      look(h, (until ?? now + expiryMs) + 1 - timing.now())
    } catch {
      look(h, retryMs)
    } finally {
      h.reading = false
    }
  }
  const show = (h: Heard, people: People) => {
    const before = h.people
    h.people = people
    if (!before || !isSame(before, people)) offer(passing(h.name, 'presence', h.show(people, before)))
  }

  const forgetBus = bus.onReturn(() => {
    refresh()
    // After the others have said who is there by them.
    for (const h of heard.values()) look(h, retryMs)
  })

  return {
    enter: (name, userId, options) => {
      const place = places.get(name) ?? {
        name,
        lastSeen: false,
        people: new Map<string, Record<Standing, number>>(),
        changed: new Set<string>(),
      }
      places.set(name, place)
      place.lastSeen ||= options?.lastSeen ?? false
      const counts = place.people.get(userId) ?? { online: 0, away: 0 }
      const before = standingOf(place, userId)
      place.people.set(userId, counts)
      counts.online++
      if (before !== 'online') mark(place, userId)
      keepRefreshing()
      let standing: Standing | undefined = 'online'
      const move = (to: Standing | undefined) => {
        if (standing === undefined) return
        const was = standingOf(place, userId)
        counts[standing]--
        if (to) counts[to]++
        standing = to
        if (counts.online + counts.away === 0) place.people.delete(userId)
        if (standingOf(place, userId) !== was) mark(place, userId)
      }
      let leaving = false
      return {
        stand: (to) => void (leaving || move(to)),
        leave: () => {
          if (leaving) return
          leaving = true
          timing.after(lingerMs, () => move(undefined))
        },
      }
    },
    hear: (name, shown) => {
      let h = heard.get(name)
      if (!h) {
        const opened: Heard = {
          name,
          show: shown,
          listeners: 0,
          people: undefined,
          reading: false,
          readAt: -Infinity,
          due: undefined,
          callOff: () => undefined,
          leave: bus.subscribe(channelOf(name), () => soon(opened)),
        }
        heard.set(name, (h = opened))
        void readOf(opened)
        // What was said before the bus brought this channel here.
        timing.after(1000, () => soon(opened))
      }
      const mine = h
      mine.listeners++
      let over = false
      return () => {
        if (over) return
        over = true
        if (--mine.listeners > 0) return
        heard.delete(name)
        mine.callOff()
        mine.leave()
      }
    },
    current: (name) => {
      const h = heard.get(name)
      return h?.people && passing(name, 'presence', h.show(h.people, undefined))
    },
    people: async (place) => (await read(redis, { place, now: timing.now() })).people,
    lastSeen: (place, userIds) => lastSeen(redis, place, userIds),
    close: async () => {
      if (closed) return
      closed = true
      callOffRefresh?.()
      forgetBus()
      for (const h of heard.values()) {
        h.callOff()
        h.leave()
      }
      heard.clear()
      const left = [...places.values()].map(async (place) => {
        const all = new Set([...place.people.keys(), ...place.changed])
        place.people.clear()
        await tell(place, all)
        bus.publish(channelOf(place.name), '')
      })
      await Promise.allSettled(left)
      // Answered after the nudges have left.
      await redis.ping().catch(() => undefined)
    },
  }
}

const isSame = (a: People, b: People) => a.size === b.size && [...a].every(([id, standing]) => b.get(id) === standing)

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
