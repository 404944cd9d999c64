import { randomFillSync } from 'node:crypto'
import { v7 } from 'uuid'

const size = 16
// Filled for 256 ids at once: one filling each cost four times the rest of an id.
const random = new Uint8Array(256 * size)
let used = random.length

const someRandom = () => {
  if (used === random.length) {
    randomFillSync(random)
    used = 0
  }
  used += size
  return random.subarray(used - size, used)
}

let msecs = 0
let seq = 0

/** A new UUIDv7: grows with time, also within a millisecond of this process, so that primary keys fill their index at one end. */
export const newId = () => {
  const some = someRandom()
  const now = Date.now()
  if (now > msecs) {
    msecs = now
    seq = ((some[6]! & 0x7f) << 24) | (some[7]! << 16) | (some[8]! << 8) | some[9]!
  } else if (++seq > 0xff_ff_ff_ff) {
    msecs++
    seq = 0
  }
  return v7({ random: some, msecs, seq })
}
