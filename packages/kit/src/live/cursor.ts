/** A frame of the stream, parsed: an event has its `seq` at the top, everything else has it in the payload or not at all. */
export interface StreamFrame {
  type: string
  seq?: number
  payload?: unknown
}

/** Where a client stands: the last seq it applied, and the epoch it was told. Both are missing before the first state. */
export interface Position {
  after?: number
  epoch?: string
}

export interface CursorOptions<E extends StreamFrame> {
  /** Called with each event once, in order, without a hole. Not with `skip`. */
  apply(event: E): void
  /** Sends `resume` with this payload. */
  resume(from: Position): void
  /** What is here can no longer be continued: read the state anew, then `startAt` its seq. */
  reset(): void
  /** Calls `work` after `ms`, gives the function that calls it off. */
  after?(ms: number, work: () => void): () => void
}

export interface Cursor {
  /** The connection is open (again): resumes. What was held of an older one is dropped. */
  open(): void
  /** The connection is gone. */
  closed(): void
  /**
   * A state was read. `seq` came with it in one answer; of several answers take the lowest. Events up to it are in the
   * state already, what is above it and passed by before is asked for.
   */
  startAt(seq: number): void
  /** Any frame of the stream, in whatever order the transport brings them. Nothing else moves the cursor. */
  frame(frame: StreamFrame): void
  /** What to send with a ping: `{ seq }`. */
  readonly position: Position
}

const mostHeld = 256
const holeWait = 500
const later = (ms: number, work: () => void) => {
  const timer = setTimeout(work, ms)
  return () => clearTimeout(timer)
}

/**
 * The rule by which a client keeps the order of a topic on every transport: apply `last + 1`, drop what is not newer,
 * hold what is early, and ask again when a hole stays for half a second. Runs in browsers.
 */
export const openCursor = <E extends StreamFrame>({
  apply,
  resume,
  reset,
  after = later,
}: CursorOptions<E>): Cursor => {
  let last: number | undefined
  let epoch: string | undefined
  // The highest seq heard of in this epoch: above `last` something is missing.
  let highest = 0
  let isOpen = false
  // Whether this connection was asked to begin where this client stands. Until it was, it began somewhere else.
  let asked = false
  const held = new Map<number, E>()
  let callOff: (() => void) | undefined

  const position = (): Position => ({ ...(last !== undefined && { after: last }), ...(epoch && { epoch }) })
  const ask = () => {
    callOff?.()
    callOff = undefined
    if (!isOpen) return
    asked = last !== undefined
    resume(position())
  }
  const settle = () => {
    for (const seq of held.keys()) if (seq <= last!) held.delete(seq)
    const before = last
    for (let next = held.get(last! + 1); next; next = held.get(last! + 1)) {
      held.delete(next.seq!)
      last = next.seq!
      if (next.type !== 'skip') apply(next)
    }
    const missing = highest > last!
    if (missing && !asked) return ask()
    if (callOff && (!missing || last !== before)) {
      callOff()
      callOff = undefined
    }
    if (missing) callOff ??= after(holeWait, ask)
  }
  const forget = () => {
    held.clear()
    highest = 0
    callOff?.()
    callOff = undefined
  }
  const beginAnew = (seq: number) => {
    last = undefined
    asked = false
    forget()
    highest = seq
    reset()
  }

  const onEvent = (event: E & { seq: number }) => {
    highest = Math.max(highest, event.seq)
    if (last !== undefined && event.seq <= last) return
    // What is too far ahead comes again after the next resume.
    const fits = last === undefined ? held.size < mostHeld : event.seq <= last + mostHeld
    if (fits) held.set(event.seq, event)
    if (last !== undefined) settle()
  }
  const onStanding = (at: { seq: number; epoch?: string }) => {
    if (at.epoch !== undefined && epoch !== undefined && at.epoch !== epoch) {
      epoch = at.epoch
      beginAnew(at.seq)
    }
    epoch = at.epoch ?? epoch
    highest = Math.max(highest, at.seq)
    if (last !== undefined) settle()
  }

  return {
    open: () => {
      isOpen = true
      forget()
      ask()
    },
    closed: () => {
      isOpen = false
      forget()
    },
    startAt: (seq) => {
      // An older state than the one here: what came since then went into the other one.
      if (last !== undefined && seq < last) {
        highest = Math.max(highest, last)
        asked = false
      }
      last = seq
      settle()
    },
    frame: (frame) => {
      const standing = (frame.payload ?? {}) as { seq?: number; epoch?: string }
      if (typeof frame.seq === 'number') onEvent(frame as E & { seq: number })
      else if (frame.type === 'reset') {
        epoch = standing.epoch
        beginAnew(standing.seq ?? 0)
      } else if (frame.type === 'stale' && typeof standing.seq === 'number') {
        // The event that it stands for never comes, however often it is asked for: the state has it.
        if (last === undefined || standing.seq > last) beginAnew(standing.seq)
      } else if ((frame.type === 'ready' || frame.type === 'pong') && typeof standing.seq === 'number')
        onStanding({ ...standing, seq: standing.seq })
    },
    get position() {
      return position()
    },
  }
}
