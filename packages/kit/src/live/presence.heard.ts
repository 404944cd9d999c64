import { type Frame, passing } from './frame.ts'
import type { PresenceParts, Show } from './presence.ts'
import { nudgeOf, type People, read } from './presence.redis.ts'

interface Place {
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

export interface Heard {
  hear(place: string, show: Show): void
  deafen(place: string): void
  current(place: string): Frame | undefined
  /** Reads all of it anew, in a while. */
  refresh(): void
  close(): void
}

const leastBetween = 200
const mostBetween = 5000
/** A large place is told of less often: what one change costs grows with those who are there, squared. */
const perPerson = 5
const retryMs = 2000

/** What this process hears of who is where: it reads a place when it is nudged, and when what it knows ends by itself. */
export const openHeard = ({ redis, bus, timing, offer, expiryMs = 50_000 }: PresenceParts): Heard => {
  const places = new Map<string, Place>()

  const look = (place: Place, ms: number) => {
    const due = timing.now() + Math.max(0, ms)
    if (places.get(place.name) !== place || (place.due !== undefined && place.due <= due)) return
    place.callOff()
    place.due = due
    place.callOff = timing.after(due - timing.now(), () => void readNow(place))
  }
  const between = ({ people }: Place) => Math.min(mostBetween, Math.max(leastBetween, perPerson * (people?.size ?? 0)))
  // Never later than that from now, also where the clock was set back.
  const soon = (place: Place) => look(place, Math.min(0, place.readAt - timing.now()) + between(place))
  const readNow = async (place: Place) => {
    place.due = undefined
    if (place.reading) return look(place, leastBetween)
    place.reading = true
    const now = (place.readAt = timing.now())
    try {
      const { people, until } = await read(redis, { place: place.name, now })
      if (places.get(place.name) !== place) return
      take(place, people)
      look(place, (until ?? now + expiryMs) + 1 - timing.now())
    } catch {
      look(place, retryMs)
    } finally {
      place.reading = false
    }
  }
  const take = (place: Place, people: People) => {
    const before = place.people
    if (before && isSame(before, people)) return
    place.people = people
    offer(passing(place.name, 'presence', place.show(people, before)))
  }
  const open = (name: string, show: Show): Place => {
    const place: Place = {
      ...{ name, show, listeners: 0, people: undefined, reading: false, readAt: -Infinity, due: undefined },
      callOff: () => undefined,
      leave: bus.subscribe(nudgeOf(name), () => soon(place)),
    }
    places.set(name, place)
    void readNow(place)
    // What was said before the bus brought its nudges here.
    timing.after(1000, () => soon(place))
    return place
  }

  return {
    hear: (name, show) => {
      const place = places.get(name) ?? open(name, show)
      place.listeners++
    },
    deafen: (name) => {
      const place = places.get(name)
      if (!place || --place.listeners > 0) return
      places.delete(name)
      place.callOff()
      place.leave()
    },
    current: (name) => {
      const place = places.get(name)
      return place?.people && passing(name, 'presence', place.show(place.people, undefined))
    },
    // After the others have said who is there by them.
    refresh: () => {
      for (const place of places.values()) look(place, retryMs)
    },
    close: () => {
      for (const place of places.values()) {
        place.callOff()
        place.leave()
      }
      places.clear()
    },
  }
}

const isSame = (a: People, b: People) => a.size === b.size && [...a].every(([id, standing]) => b.get(id) === standing)
