import { type Encode, encodedBy, type Message } from './message.ts'

/** Where the messages of a turn are written as one. */
export interface Outlet {
  /** What it was sent and not yet written. */
  waiting: Batch | undefined
  write(data: Buffer): void
}

/** A message and those before it: one chain, and one buffer, for all outlets that are sent the same in a turn. */
export interface Batch {
  before: Batch | undefined
  message: Message
  /** Of all of them. */
  bytes: number
  data: Buffer | undefined
}

/**
 * What an outlet is sent in one turn of the event loop leaves in one write, however many messages it is: with a thousand
 * listeners and more said than can be written one by one, a sixth of the cost. Where nothing meets, a message leaves
 * before anything else is done.
 */
export interface Outlets {
  send(outlet: Outlet, message: Message): void
  /** Writes now what waits: before an end is said in another way. */
  flush(outlet: Outlet): void
}

/** Bytes that are worth a write of their own: a page of the log does not wait for itself. */
const enough = 16 * 1024

export const openOutlets = (encode: Encode): Outlets => {
  let sent: Outlet[] = []
  // Messages come to their outlets in a row: the last one made is nearly always the one that is needed.
  let made: Batch | undefined
  let joins = false
  // While there is something to join the whole turn is waited for, and otherwise only for what came in one piece.
  let later: (work: () => void) => unknown = process.nextTick

  const flush = (outlet: Outlet) => {
    const { waiting } = outlet
    outlet.waiting = undefined
    if (waiting) outlet.write((waiting.data ??= joined(waiting, encode)))
  }
  const end = () => {
    const all = sent
    sent = []
    made = undefined
    later = joins ? setImmediate : process.nextTick
    joins = false
    for (const outlet of all) flush(outlet)
  }

  return {
    send: (outlet, message) => {
      const before = outlet.waiting
      if (before) joins = true
      else if (sent.push(outlet) === 1) later(end)
      if (made?.message !== message || made.before !== before) {
        const bytes = encodedBy(encode, message).length + (before?.bytes ?? 0)
        made = { before, message, bytes, data: undefined }
      }
      outlet.waiting = made
      if (made.bytes >= enough) flush(outlet)
    },
    flush,
  }
}

const joined = (batch: Batch, encode: Encode): Buffer => {
  if (!batch.before) return encodedBy(encode, batch.message)
  const parts: Buffer[] = []
  for (let one: Batch | undefined = batch; one; one = one.before) parts.push(encodedBy(encode, one.message))
  return Buffer.concat(parts.toReversed(), batch.bytes)
}
