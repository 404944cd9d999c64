import { newId } from '../ids.ts'
import type { Entry, PresenceParts } from './presence.ts'
import { nudgeOf, say, type Standing } from './presence.redis.ts'

interface Place {
  name: string
  lastSeen: boolean
  /** How many connections of a person stand how, by this process. */
  people: Map<string, Record<Standing, number>>
  changed: Set<string>
  /** When all of it was said the last time. */
  saidAt: number
}

export interface Said {
  enter(place: string, userId: string, options?: { lastSeen?: boolean }): Entry
  /** Says all of it again. */
  refresh(): void
  close(): Promise<void>
}

interface Moving {
  move(entry: Entered, to: Standing | undefined): void
  later(work: () => void): void
}

// A class, as every socket has one.
class Entered implements Entry {
  readonly place: Place
  readonly userId: string
  readonly counts: Record<Standing, number>
  standing: Standing | undefined = undefined
  private readonly moving: Moving
  private leaving = false

  constructor(who: Pick<Entered, 'place' | 'userId' | 'counts'>, moving: Moving) {
    this.place = who.place
    this.userId = who.userId
    this.counts = who.counts
    this.moving = moving
  }

  stand(to: Standing) {
    if (!this.leaving) this.moving.move(this, to)
  }

  leave() {
    if (this.leaving) return
    this.leaving = true
    this.moving.later(() => this.moving.move(this, undefined))
  }
}

const gatherMs = 50
/** In how many parts the places are said again, where all of them are due at once. */
const parts = 20
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

  const tellAll = (place: Place) => {
    place.saidAt = timing.now()
    tell(place, place.people.keys()).catch(() => (place.saidAt = -Infinity))
  }
  const refresh = () => {
    for (const place of places.values()) tellAll(place)
  }
  const isDue = ({ saidAt }: Place) => {
    const age = timing.now() - saidAt
    // Negative where the clock was set back.
    return age < 0 || age >= refreshMs / 2
  }
  // A part of them at a time, whoever was lost or said longest ago first: a thousand places in one go would keep all
  // others waiting.
  const refreshSome = () => {
    const due = [...places.values()].filter(isDue).toSorted((a, b) => a.saidAt - b.saidAt)
    for (const place of due.slice(0, Math.ceil(places.size / parts))) tellAll(place)
  }
  const keepRefreshing = () => {
    if (closed) return
    callOffRefresh ??= timing.every(refreshMs / parts, () => {
      if (places.size > 0) return refreshSome()
      callOffRefresh?.()
      callOffRefresh = undefined
    })
  }
  const placeOf = (name: string): Place => {
    let place = places.get(name)
    if (place) return place
    place = { name, lastSeen: false, people: new Map(), changed: new Set(), saidAt: timing.now() }
    places.set(name, place)
    return place
  }

  const moving: Moving = {
    move: (entry, to) => {
      const { place, userId, counts } = entry
      const before = standingOf(place, userId)
      if (entry.standing) counts[entry.standing]--
      if (to) counts[to]++
      entry.standing = to
      if (counts.online + counts.away > 0) place.people.set(userId, counts)
      else place.people.delete(userId)
      if (standingOf(place, userId) !== before) mark(place, userId)
    },
    later: (work) => void timing.after(lingerMs, work),
  }

  return {
    enter: (name, userId, options) => {
      const place = placeOf(name)
      place.lastSeen ||= options?.lastSeen ?? false
      const counts = place.people.get(userId) ?? { online: 0, away: 0 }
      const entry = new Entered({ place, userId, counts }, moving)
      moving.move(entry, 'online')
      keepRefreshing()
      return entry
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
