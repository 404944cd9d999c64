import { type Cursor, openCursor, type Position, type StreamFrame } from './cursor.ts'

export interface CursorsOptions<E extends StreamFrame> {
  /** What the socket calls the name of a room: `chatId`. */
  key: string
  /** Called with each event of a room once, in order, without a hole. Not with `skip`. */
  apply(room: string, event: E): void
  /** Sends a frame on the socket. */
  send(type: string, payload: object): void
  /** What is here of a room can no longer be continued: read its state anew, then `startAt` its seq. */
  reset(room: string): void
  /** The room is not theirs, or no longer; it is forgotten here. */
  removed(room: string): void
  /** Calls `work` after `ms`, gives the function that calls it off. */
  after?(ms: number, work: () => void): () => void
}

export interface Cursors {
  /** The connection is open (again): subscribes to all rooms, each from where it is. */
  open(): void
  closed(): void
  /** Takes a room, if it was not taken, to hear what comes. */
  join(room: string): void
  /** Takes a room, if it was not taken, whose state was read; `seq` came with it. */
  startAt(room: string, seq: number): void
  leave(room: string): void
  /** Any frame of the socket. False where it is not about a room alone: then it is also for the socket's own cursor. */
  frame(frame: StreamFrame): boolean
  /** What to send with a ping: `{ seqs }`. */
  readonly seqs: Record<string, number>
}

const mostAtOnce = 100

interface Room {
  cursor: Cursor
  /** That of the last frame about it: what answers an older one is out of date. */
  n: number
}

/** The client's rule for a socket of many rooms: a cursor each, and one frame for up to a hundred that begin together. */
export const openCursors = <E extends StreamFrame>({
  key,
  apply,
  send,
  reset,
  removed,
  after,
}: CursorsOptions<E>): Cursors => {
  const rooms = new Map<string, Room>()
  const beginning = new Map<string, Position>()
  let isOpen = false
  let n = 0

  const subscribe = () => {
    const all = [...beginning]
    beginning.clear()
    for (let i = 0; i < all.length; i += mostAtOnce) {
      n++
      const topics = all.slice(i, i + mostAtOnce).map(([room, from]) => ({ [key]: room, ...from }))
      for (const [room] of all.slice(i, i + mostAtOnce)) rooms.get(room)!.n = n
      send('subscribe', { n, topics })
    }
  }
  const take = (name: string): Cursor => {
    const there = rooms.get(name)
    if (there) return there.cursor
    const cursor = openCursor<E>({
      apply: (event) => apply(name, event),
      resume: (from) => {
        if (beginning.size === 0) queueMicrotask(subscribe)
        beginning.set(name, from)
      },
      reset: () => reset(name),
      ...(after && { after }),
    })
    rooms.set(name, { cursor, n: 0 })
    return cursor
  }
  const drop = (name: string) => {
    rooms.get(name)?.cursor.closed()
    rooms.delete(name)
    beginning.delete(name)
  }

  return {
    open: () => {
      isOpen = true
      for (const { cursor } of rooms.values()) cursor.open()
    },
    closed: () => {
      isOpen = false
      beginning.clear()
      for (const { cursor } of rooms.values()) cursor.closed()
    },
    join: (name) => {
      if (!rooms.has(name) && isOpen) take(name).open()
      else take(name)
    },
    startAt: (name, seq) => {
      const isNew = !rooms.has(name)
      const cursor = take(name)
      cursor.startAt(seq)
      if (isNew && isOpen) cursor.open()
    },
    leave: (name) => {
      if (!rooms.has(name)) return
      drop(name)
      if (isOpen) send('unsubscribe', { [key]: name, n: ++n })
    },
    frame: (frame) => {
      const payload = (frame.payload ?? {}) as Record<string, unknown>
      if (frame.type === 'pong') {
        for (const [name, seq] of Object.entries((payload['seqs'] ?? {}) as Record<string, number>))
          rooms.get(name)?.cursor.frame({ type: 'pong', payload: { seq } })
        return false
      }
      const name = ({ ...payload, ...frame } as Record<string, unknown>)[key] as string | undefined
      if (name === undefined) return false
      const room = rooms.get(name)
      const isAnswer = typeof payload['n'] === 'number' && frame.seq === undefined
      if (!room || (isAnswer && Number(payload['n']) < room.n)) return true
      if (frame.type === 'removed' && frame.seq === undefined) {
        drop(name)
        removed(name)
      } else room.cursor.frame(frame)
      return true
    },
    get seqs() {
      const known = [...rooms].flatMap(([name, { cursor }]) =>
        cursor.position.after === undefined ? [] : [[name, cursor.position.after] as const],
      )
      return Object.fromEntries(known)
    },
  }
}
