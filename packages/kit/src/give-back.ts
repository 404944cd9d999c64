import { performance } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import { every } from './beat.ts'

const second = 1000
/** Of a core, on average: the pings of ten thousand clients take up to nine hundredths. */
const nextToNothing = 0.1
const mega = 1024 * 1024
/** Bytes that are worth a pause, and of a heap that is too large for a short one. */
const worth = 32 * mega
const tooLarge = 256 * mega

/**
 * Gives the system back what a busy time took and a quiet one does not need. V8 does that by itself once it has not
 * collected for 100 s, which never comes where clients ping: after ten thousand came back it would keep twice what they
 * weigh. One full collection, some 60 ms, once the process did next to nothing in all of so many seconds and holds 32 MB
 * more than after the last; nothing where Node runs without `--expose-gc`. Gives the function that ends it.
 *
 * It costs half a second of CPU over the next seconds of work, in which V8 takes again what it gave: after each lull of
 * two seconds that was a fifth of what reads in bursts of four took.
 */
export const giveBackWhenQuiet = (quietFor = 30) => {
  const { gc } = globalThis
  if (!gc) return () => undefined
  let kept = 0
  const readings = [performance.eventLoopUtilization()]
  const look = () => {
    const { total_physical_size: held, used_heap_size: used } = getHeapStatistics()
    kept = Math.min(kept, held)
    const now = performance.eventLoopUtilization()
    if (readings.push(now) <= quietFor) return
    const { utilization } = performance.eventLoopUtilization(now, readings.shift())
    if (utilization > nextToNothing || held < kept + worth || used > tooLarge) return
    gc({ type: 'major', execution: 'sync', flavor: 'last-resort' })
    kept = getHeapStatistics().total_physical_size
  }
  return every(second, look)
}
