import type { Membership } from './membership.ts'

const copyMs = 1000
const joinMs = 500
const mostCopies = 10_000

interface Copy extends Membership {
  until: number
}
interface Flight {
  since: number
  all: Promise<Answers>
}
type Answers = ReadonlyMap<string, Membership>

/** What this process remembers of who is in which workspace, for a second, and what it is being told. Times are milliseconds. */
export const openMemory = () => {
  // By workspace, then person.
  const copies = new Map<string, Map<string, Copy>>()
  let copied = 0
  const flights = new Map<string, Flight>()
  const keyOf = (workspaceId: string, userId: string) => `${workspaceId} ${userId}`

  const clear = () => {
    copies.clear()
    copied = 0
  }
  const keepOne = (workspaceId: string, userId: string, copy: Copy) => {
    if (copied >= mostCopies) clear()
    const ofWorkspace = copies.get(workspaceId) ?? new Map<string, Copy>()
    if (!ofWorkspace.has(userId)) copied++
    copies.set(workspaceId, ofWorkspace.set(userId, copy))
  }

  return {
    /** The copy, or what somebody else is asking for now; undefined where there is neither. */
    get: (workspaceId: string, userId: string, now: number): Membership | Promise<Membership> | undefined => {
      const copy = copies.get(workspaceId)?.get(userId)
      // No longer than that where the clock was set back.
      if (copy && now < copy.until && copy.until - now <= copyMs) return copy
      const flight = flights.get(keyOf(workspaceId, userId))
      // One that has been under way for long may have been answered long ago.
      if (flight && now - flight.since < joinMs) return flight.all.then((found) => found.get(userId)!)
      return undefined
    },
    /** Remembers answers that were asked for at `since`. */
    keep: (workspaceId: string, answers: Answers, since: number) => {
      for (const [userId, answer] of answers) keepOne(workspaceId, userId, { ...answer, until: since + copyMs })
    },
    /** These people are asked for from now on, until `all` is there: whoever wants one of them may wait for it. */
    expect: (workspaceId: string, userIds: readonly string[], all: Promise<Answers>, now: number) => {
      const flight = { since: now, all }
      const keys = userIds.map((userId) => keyOf(workspaceId, userId))
      for (const key of keys) flights.set(key, flight)
      const landed = () => {
        for (const key of keys) if (flights.get(key) === flight) flights.delete(key)
      }
      all.then(landed, landed)
    },
    /** Its members changed: nothing of it is true any more, nor what is being told. */
    forget: (workspaceId: string) => {
      copied -= copies.get(workspaceId)?.size ?? 0
      copies.delete(workspaceId)
      for (const key of flights.keys()) if (key.startsWith(workspaceId)) flights.delete(key)
    },
    clear,
  }
}
