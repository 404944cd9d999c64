/** Time and chance, passed in so that a simulation can own them. Milliseconds. */
export interface Timing {
  now(): number
  /** Calls `work` after `ms`; gives the function that calls it off. */
  after(ms: number, work: () => void): () => void
  random(): number
}

export const realTiming: Timing = {
  now: Date.now,
  after: (ms, work) => {
    const timer = setTimeout(work, ms)
    timer.unref?.()
    return () => clearTimeout(timer)
  },
  random: Math.random,
}

export const pause = (timing: Timing, ms: number) => new Promise<void>((resolve) => void timing.after(ms, resolve))
