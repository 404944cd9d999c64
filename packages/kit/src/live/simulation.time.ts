import type { Timing } from './timing.ts'

export interface Chance {
  /** From 0 to below 1. */
  random(): number
  /** True with this probability. */
  chance(p: number): boolean
  between(least: number, most: number): number
  pick<T>(of: readonly T[]): T
}

/** Numbers that look random and are the same for the same seed (mulberry32). */
export const chanceOf = (seed: number): Chance => {
  let state = seed >>> 0
  const random = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  return {
    random,
    chance: (p) => random() < p,
    between: (least, most) => least + random() * (most - least),
    pick: (of) => of[Math.floor(random() * of.length)]!,
  }
}

export interface VirtualTime extends Timing {
  sleep(ms: number): Promise<void>
  /** Lets time pass, and everything happen that is due. */
  run(ms: number): Promise<void>
}

/** Time that passes only when told, event by event; between two events everything that can go on does. */
export const virtualTime = (random: () => number): VirtualTime => {
  let now = 1_700_000_000_000
  let count = 0
  const due: { at: number; nth: number; work: () => void }[] = []
  const before = (a: { at: number; nth: number }, b: { at: number; nth: number }) =>
    a.at < b.at || (a.at === b.at && a.nth < b.nth)

  // A heap, so that cancelled timers may lie in it.
  const push = (item: (typeof due)[number]) => {
    let i = due.push(item) - 1
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (before(due[parent]!, item)) break
      due[i] = due[parent]!
      i = parent
    }
    due[i] = item
  }
  const pop = () => {
    const top = due[0]!
    const last = due.pop()!
    if (due.length > 0) {
      let i = 0
      for (;;) {
        let child = 2 * i + 1
        if (child >= due.length) break
        if (child + 1 < due.length && before(due[child + 1]!, due[child]!)) child++
        if (before(last, due[child]!)) break
        due[i] = due[child]!
        i = child
      }
      due[i] = last
    }
    return top
  }

  const after = (ms: number, work: () => void) => {
    const item = { at: now + Math.max(0, ms), nth: count++, work }
    push(item)
    return () => void (item.work = () => undefined)
  }
  const every = (ms: number, work: () => void) => {
    let callOff: () => void
    const again = () => {
      callOff = after(ms, () => {
        again()
        work()
      })
    }
    again()
    return () => callOff()
  }
  return {
    now: () => now,
    after,
    every,
    random,
    sleep: (ms) => new Promise((resolve) => void after(ms, resolve)),
    run: async (ms) => {
      const until = now + ms
      await settled()
      while (due.length > 0 && due[0]!.at <= until) {
        const { at, work } = pop()
        now = at
        work()
        await settled()
      }
      now = until
    },
  }
}

const settled = () => new Promise<void>((resolve) => void setImmediate(resolve))
