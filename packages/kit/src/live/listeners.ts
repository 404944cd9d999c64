import { type CloseCode, closeCodes } from './close-codes.ts'
import type { Listener } from './listener.ts'
import { pause, type Timing } from './timing.ts'
import type { Subscription } from './topic.ts'

interface Here {
  /** What it had taken when it was looked at; nothing where it had taken all. */
  taken: number | undefined
  /** When it was first found with no more than that. */
  at: number
  subscriptions: readonly Subscription[]
}
const none: readonly Subscription[] = []

const second = 1000
const stuckAfter = 5 * second
/** How often a listener is looked at that has taken everything and whose time is not over before. */
const lookEach = 2 * second

/** Who listens in this process, on which topics, and whether they still take what they are sent. */
export const openListeners = ({ timing, slow }: { timing: Timing; slow(): void }) => {
  const all = new Map<Listener, Here>()
  const people = new Map<string, number>()
  let draining = false

  // Who is looked at in which second: to look at ten thousand each second would cost more than what is said to them.
  const rounds = new Map<number, Listener[]>()
  let round = 0
  const lookAt = (listener: Listener, at: number) => {
    const due = Math.max(round + 1, Math.floor(at / second))
    const others = rounds.get(due)
    if (others) others.push(listener)
    else rounds.set(due, [listener])
  }

  // A listener that takes not a byte for five seconds does not read.
  const isStuck = (listener: Listener, here: Here, now: number) => {
    const taken = listener.unsent() === 0 ? undefined : listener.taken()
    if (taken !== undefined && here.taken !== undefined && taken <= here.taken) return now - here.at >= stuckAfter
    here.taken = taken
    here.at = now
    return false
  }

  const look = (listener: Listener, now: number) => {
    const here = all.get(listener)
    if (!here) return
    const next = listener.tick(now)
    if (!isStuck(listener, here, now))
      return lookAt(listener, Math.min(next, now + (here.at < now ? second : lookEach)))
    slow()
    listener.close(closeCodes.tooSlow)
  }

  return {
    /** Also tells it to go where everybody is told to. */
    add: (listener: Listener) => {
      const { id } = listener.person
      const now = timing.now()
      if (all.size === 0) {
        rounds.clear()
        round = Math.floor(now / second)
      }
      people.set(id, (people.get(id) ?? 0) + 1)
      all.set(listener, { taken: undefined, at: now, subscriptions: none })
      look(listener, now)
      if (draining) listener.close(closeCodes.restarting)
    },
    /** Gives what it was on; nothing where it is not here any more. */
    remove: (listener: Listener): readonly Subscription[] => {
      const here = all.get(listener)
      if (!here) return []
      all.delete(listener)
      const { id } = listener.person
      const left = people.get(id)! - 1
      if (left > 0) people.set(id, left)
      else people.delete(id)
      return here.subscriptions
    },
    // Not pushed: V8 makes room for 17 where one is.
    joined: (s: Subscription) => {
      const here = all.get(s.listener)
      if (here) here.subscriptions = here.subscriptions.concat(s)
    },
    left: (s: Subscription) => {
      const here = all.get(s.listener)
      if (here) here.subscriptions = here.subscriptions.filter((other) => other !== s)
    },
    /** Ends who is over or stuck; each second. */
    watch: (now: number) => {
      const last = Math.floor(now / second)
      // A clock that was set back: everybody is due in a time to come.
      if (last < round) {
        rounds.clear()
        round = last
        for (const listener of [...all.keys()]) look(listener, now)
      }
      while (round < last) {
        const due = rounds.get(++round) ?? []
        rounds.delete(round)
        for (const listener of due) look(listener, now)
      }
    },
    [Symbol.iterator]: () => all.keys(),
    get size() {
      return all.size
    },
    countOf: (personId: string) => people.get(personId) ?? 0,
    closeWhere: (which: (listener: Listener) => boolean, code: CloseCode) => {
      for (const listener of [...all.keys()]) if (which(listener)) listener.close(code)
    },
    drain: async (ms: number) => {
      draining = true
      const begun = timing.now()
      const told = [...all.keys()]
      for (const [i, listener] of told.entries()) {
        if (!all.has(listener)) continue
        const due = begun + (ms * (i + timing.random())) / told.length
        if (due > timing.now()) await pause(timing, due - timing.now())
        listener.close(closeCodes.restarting)
      }
    },
  }
}
