/** Milliseconds. What is to be done again can be done in any whole number of these. */
const step = 500

interface Recurring {
  each: number
  work(): void
}
const all = new Set<Recurring>()
let beats = 0
let timer: NodeJS.Timeout | undefined

/**
 * Calls `work` again and again, at first within `ms` and then each `ms`, in one waking of the process with everything else
 * that is done so. Waking is what costs: whatever a process that rested does first, it does a hundred times slower, and
 * a quiet service whose timers each had a time of their own used twice the CPU. What comes over the network meanwhile is
 * taken between one work and the next. Does not keep the process alive. Gives the function that ends it.
 */
export const every = (ms: number, work: () => void): (() => void) => {
  const mine = { each: Math.ceil(ms / step), work }
  all.add(mine)
  timer ??= setInterval(beat, step).unref()
  return () => {
    all.delete(mine)
    if (all.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

const beat = () => {
  beats++
  next([...all].filter(({ each }) => beats % each === 0))
}
// One a turn of the loop: a message that waited for all of them in a row came milliseconds later.
const next = (due: Recurring[]) => {
  const one = due.shift()
  if (one && all.has(one)) one.work()
  if (due.length > 0) setImmediate(next, due)
}
