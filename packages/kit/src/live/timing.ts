import { every } from '../beat.ts'

/** Time and chance, passed in so that a simulation can own them. Milliseconds. */
export interface Timing {
  now(): number
  /** Calls `work` after `ms`; gives the function that calls it off. */
  after(ms: number, work: () => void): () => void
  /** Calls `work` each `ms`; gives the function that ends it. */
  every(ms: number, work: () => void): () => void
  random(): number
}

export const realTiming: Timing = {
  now: Date.now,
  after: (ms, work) => {
    const timer = setTimeout(work, ms).unref()
    return () => clearTimeout(timer)
  },
  every,
  random: Math.random,
}

export const pause = (timing: Timing, ms: number) => new Promise<void>((resolve) => void timing.after(ms, resolve))

/** How long to wait before the nth try of what failed: doubling from 100 ms to 2 s, spread. */
export const backOff = (timing: Timing, attempt: number) =>
  pause(timing, Math.min(100 * 2 ** (attempt - 1), 2000) * (0.5 + timing.random()))
