/** An event as a client sees it. */
export interface Event {
  seq: number
  type: string
}

export interface CursorOptions<E extends Event> {
  /** Called with each event once, in order. */
  apply(event: E): void
  /** Sends `resume { after, epoch }`. */
  resume(from: { after: number; epoch?: string }): void
  /** What the topic said can no longer be continued: read the state anew, then `startAt` its seq. */
  reset(): void
  /** Calls `work` after `ms`, gives the function that calls it off. */
  after?(ms: number, work: () => void): () => void
}

export interface Cursor<E extends Event> {
  /** The seq of a state that was read. Events up to it are in the state already. */
  startAt(seq: number): void
  /** A frame of the stream: an event, or `ready` and `reset`. Nothing else moves the cursor. */
  event(event: E): void
  ready(at: { seq: number; epoch?: string }): void
  /** What to resume from when the connection comes back; undefined before the first state. */
  readonly position: { after: number; epoch?: string } | undefined
}

const mostHeld = 256
const holeWait = 500
const later = (ms: number, work: () => void) => {
  const timer = setTimeout(work, ms)
  return () => clearTimeout(timer)
}

/**
 * The rule by which a client orders a topic on every transport: apply `last + 1`, drop what is not newer, hold what is
 * early and ask again when the hole stays. Runs in browsers.
 */
export const openCursor = <E extends Event>({ apply, resume, reset, after = later }: CursorOptions<E>): Cursor<E> => {
  let last: number | undefined
  let epoch: string | undefined
  const held = new Map<number, E>()
  let callOff: (() => void) | undefined

  const settle = () => {
    for (const seq of held.keys()) if (seq <= last!) held.delete(seq)
    for (let next = held.get(last! + 1); next; next = held.get(last! + 1)) {
      held.delete(next.seq)
      last = next.seq
      apply(next)
    }
    callOff?.()
    callOff = undefined
    if (held.size > 0) callOff = after(holeWait, ask)
  }
  const ask = () => {
    callOff = undefined
    resume(position()!)
  }
  const position = () => (last === undefined ? undefined : { after: last, ...(epoch && { epoch }) })

  return {
    startAt: (seq) => {
      last = seq
      settle()
    },
    event: (event) => {
      if (last !== undefined && event.seq <= last) return
      if (held.size >= mostHeld) held.clear()
      held.set(event.seq, event)
      if (last !== undefined) settle()
    },
    ready: (at) => {
      const other = epoch !== undefined && at.epoch !== undefined && at.epoch !== epoch
      epoch = at.epoch ?? epoch
      if (other || (last !== undefined && at.seq < last)) {
        last = undefined
        held.clear()
        reset()
      } else if (last !== undefined && at.seq > last && held.size === 0) resume(position()!)
    },
    get position() {
      return position()
    },
  }
}
