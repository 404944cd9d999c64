/** Milliseconds. What is to be done again can be done in any whole number of these. */
const step = 500

const all = new Set<{ each: number; work(): void }>()
let beats = 0
let timer: NodeJS.Timeout | undefined

/**
 * Calls `work` again and again, at first within `ms` and then each `ms`, in one waking of the process with everything else
 * that is done so. Waking is what costs: whatever a process that rested does first, it does a hundred times slower, and
 * a quiet service whose timers each had a time of their own used twice the CPU. Does not keep the process alive. Gives
 * the function that ends it.
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
  for (const { each, work } of all) if (beats % each === 0) work()
}
