const windowMs = 50
const busy = 0.7

let last = performance.eventLoopUtilization()
let looked = performance.now()
let utilization = 0

/** Whether this thread had little rest of late. Waiting for a core counts as work, mostly. */
export const threadIsBusy = () => {
  const now = performance.now()
  if (now - looked > windowMs) {
    const next = performance.eventLoopUtilization()
    utilization = performance.eventLoopUtilization(next, last).utilization
    last = next
    looked = now
  }
  return utilization > busy
}
