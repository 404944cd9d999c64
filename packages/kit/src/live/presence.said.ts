import { newId } from '../ids.ts'
import type { Entry, PresenceParts } from './presence.ts'
import { nudgeOf, say, type Standing } from './presence.redis.ts'

interface Place {
  name: string
  lastSeen: boolean
  /** How many connections of a person stand how, by this process. */
  people: Map<string, Record<Standing, number>>
  changed: Set<string>
}

export interface Said {
  enter(place: string, userId: string, options?: { lastSeen?: boolean }): Entry
  /** Says all of it again. */
  refresh(): void
  close(): Promise<void>
}

const gatherMs = 50
const retryMs = 2000

/** What this process says of who is where: what changes within 50 ms goes in one round trip, and all of it again and again. */
export const openSaid = ({
  redis,
  bus,
  timing,
  refreshMs = 20_000,
  expiryMs = 50_000,
  lingerMs = 1000,
}: PresenceParts): Said => {
  const process = newId()
  const places = new Map<string, Place>()
  let closed = false
  let gathering = false
  let callOffRefresh: (() => void) | undefined

  const standingOf = ({ people }: Place, userId: string): Standing | null => {
    const counts = people.get(userId)
    return counts ? (counts.online > 0 ? 'online' : 'away') : null
  }
  const tell = (place: Place, userIds: Iterable<string>) => {
    const people = new Map([...userIds].map((id) => [id, standingOf(place, id)]))
    const now = timing.now()
    return say(redis, { place: place.name, process, people, now, until: now + expiryMs, lastSeen: place.lastSeen })
  }
  const flush = () => {
    gathering = false
    for (const place of places.values()) {
      if (place.changed.size === 0) continue
      const changed = [...place.changed]
      place.changed.clear()
      if (place.people.size === 0) places.delete(place.name)
      tell(place, changed).then(
        () => bus.publish(nudgeOf(place.name), ''),
        () => void timing.after(retryMs, () => tellAgain(place.name, changed)),
      )
    }
  }
  const tellAgain = (name: string, userIds: string[]) => {
    // Whoever left the place as the last one ends by themselves.
    const place = places.get(name)
    if (place) for (const id of userIds) mark(place, id)
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
  const placeOf = (name: string): Place => {
    let place = places.get(name)
    if (!place) places.set(name, (place = { name, lastSeen: false, people: new Map(), changed: new Set() }))
    return place
  }

  return {
    enter: (name, userId, options) => {
      const place = placeOf(name)
      place.lastSeen ||= options?.lastSeen ?? false
      const counts = place.people.get(userId) ?? { online: 0, away: 0 }
      let standing: Standing | undefined
      const move = (to: Standing | undefined) => {
        const before = standingOf(place, userId)
        if (standing) counts[standing]--
        if (to) counts[to]++
        standing = to
        if (counts.online + counts.away > 0) place.people.set(userId, counts)
        else place.people.delete(userId)
        if (standingOf(place, userId) !== before) mark(place, userId)
      }
      move('online')
      keepRefreshing()
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
    refresh,
    close: async () => {
      closed = true
      callOffRefresh?.()
      const left = [...places.values()].map(async (place) => {
        const all = new Set([...place.people.keys(), ...place.changed])
        place.people.clear()
        await tell(place, all)
        bus.publish(nudgeOf(place.name), '')
      })
      await Promise.allSettled(left)
      // Answered after the nudges have left.
      await redis.ping().catch(() => undefined)
    },
  }
}
