import { type CloseCode, closeCodes } from './close-codes.ts'
import type { RoomsSeat, Wanted } from './frames.ts'
import type { Hub } from './hub.ts'
import type { Listener, View } from './listener.ts'
import type { Message } from './message.ts'
import { openRechecks } from './rechecks.ts'
import type { RoomsRule } from './socket.ts'
import { pause, type Timing } from './timing.ts'
import type { From, Subscription } from './topic.ts'

/** Topics beside its own that a connection listens to, each with a right of its own. */
export interface OpenRooms extends RoomsSeat {
  /** Whether it is let into this room. */
  has(name: string): boolean
  /** Has the rights of all of them decided again. */
  recheck(): void
  end(): void
}

export interface RoomsParts {
  hub: Hub
  timing: Timing
  rule: RoomsRule
  /** The connection's. */
  listener: Listener
  send(type: string, payload: object): void
  /** Which of these the person may have, read now in one statement. */
  decide(names: readonly string[]): Promise<ReadonlySet<string> | 'unknown'>
}

interface Room {
  name: string
  /** That of the last frame about it. */
  n: number
  /** Where its client asked to begin. */
  from: From
  admitted: boolean
  /** What its right rests on changed before it was decided. */
  changed: boolean
  subscription: Subscription
}

const mostRooms = 1000
const openedWithin = 10_000
const onlyTheRoom: readonly CloseCode[] = [closeCodes.done, closeCodes.forbidden, closeCodes.unknown]

export const openRooms = ({ hub, timing, rule, listener, send, decide }: RoomsParts): OpenRooms => {
  const { key, prefix } = rule
  const rooms = new Map<string, Room>()
  const asked = new Set<Room>()
  let over = false

  const isHere = (room: Room) => rooms.get(room.name) === room
  const forget = (room: Room) => {
    rooms.delete(room.name)
    hub.leave(room.subscription)
  }
  const remove = (room: Room) => {
    if (!isHere(room)) return
    forget(room)
    send('removed', { [key]: room.name, n: room.n })
  }

  const rechecks = openRechecks({
    timing,
    over: () => over,
    giveUp: () => listener.close(closeCodes.restarting),
    decide: async () => {
      const all = [...asked].filter(isHere)
      asked.clear()
      const allowed = all.length > 0 ? await decide(all.map(({ name }) => name)) : new Set<string>()
      for (const room of all)
        if (allowed === 'unknown') asked.add(room)
        else if (!allowed.has(room.name)) remove(room)
      return allowed === 'unknown' ? 'unknown' : 'decided'
    },
  })
  const recheck = (which: Iterable<Room>) => {
    for (const room of which)
      if (room.admitted) asked.add(room)
      else room.changed = true
    if (asked.size > 0) rechecks.ask()
  }

  // What ends a right ends this room; what is wrong with the line ends the connection.
  const join = (name: string): Room => {
    const inRoom = new InRoom(listener, {
      close: (code) => (onlyTheRoom.includes(code) ? remove(room) : listener.close(code)),
      recheck: () => recheck([room]),
      decided: rechecks.decided,
    })
    const subscription = hub.join(prefix + name, inRoom, viewOf(rule))
    const room: Room = { name, n: 0, from: {}, admitted: false, changed: false, subscription }
    rooms.set(name, room)
    return room
  }

  const enter = (room: Room) => {
    room.admitted = true
    void hub.resume(room.subscription, room.from)
  }
  // On the topic first, then decided, then sent to: nothing that ends a right falls between.
  const admit = async (wanted: Room[], n: number) => {
    const waiting = () => wanted.filter((room) => isHere(room) && !room.admitted)
    const opened = Promise.all(wanted.map(({ subscription }) => hub.opened(subscription)))
    let known = await Promise.race([opened.then(() => true), pause(timing, openedWithin).then(() => false)])
    for (let undecided = waiting(); known && undecided.length > 0; undecided = waiting()) {
      for (const room of undecided) room.changed = false
      const allowed = await decide(undecided.map(({ name }) => name))
      if (over) return
      if (allowed === 'unknown') known = false
      else
        for (const room of undecided)
          if (!isHere(room) || room.admitted || room.changed) continue
          else if (allowed.has(room.name)) enter(room)
          else remove(room)
    }
    if (over || known) return
    const left = waiting().filter((room) => room.n === n)
    if (left.length === 0) return
    for (const room of left) forget(room)
    const topics = left.map(({ name }) => ({ [key]: name }))
    send('error', { code: 'UNAVAILABLE', message: 'Your right could not be decided. Try again.', n, topics })
  }

  return {
    subscribe: (wanted, n) => {
      const begun: Room[] = []
      const tooMany: Wanted[] = []
      for (const one of wanted) {
        const there = rooms.get(one.name)
        if (!there && rooms.size >= mostRooms) {
          tooMany.push(one)
          continue
        }
        const room = there ?? join(one.name)
        room.n = n
        room.from = one.from
        room.subscription.about = { [key]: one.name, n }
        if (room.admitted) enter(room)
        else begun.push(room)
      }
      if (tooMany.length > 0) {
        const topics = tooMany.map(({ name }) => ({ [key]: name }))
        send('error', { code: 'CONFLICT', message: `A socket has ${mostRooms} of these at most.`, n, topics })
      }
      if (begun.length > 0) void admit(begun, n)
    },
    unsubscribe: (names, n) => {
      for (const name of names) {
        const room = rooms.get(name)
        if (room) forget(room)
        send('unsubscribed', { [key]: name, n })
      }
    },
    standings: (names) => {
      const all: Record<string, number> = {}
      for (const name of names) {
        const room = rooms.get(name)
        if (room?.admitted) all[name] = standingOf(room.subscription)
      }
      return all
    },
    has: (name) => rooms.get(name)?.admitted ?? false,
    recheck: () => recheck(rooms.values()),
    end: () => {
      over = true
      for (const room of rooms.values()) forget(room)
    },
  }
}

// The connection, as far as one of its rooms goes.
class InRoom implements Listener {
  private readonly connection: Listener
  readonly close: Listener['close']
  readonly recheck: Listener['recheck']
  readonly decided: Listener['decided']

  constructor(connection: Listener, { close, recheck, decided }: Pick<Listener, 'close' | 'recheck' | 'decided'>) {
    this.connection = connection
    this.close = close
    this.recheck = recheck
    this.decided = decided
  }

  get person() {
    return this.connection.person
  }

  get workspaces() {
    return this.connection.workspaces
  }

  deliver(message: Message) {
    this.connection.deliver(message)
  }

  unsent() {
    return this.connection.unsent()
  }

  taken() {
    return this.connection.taken()
  }

  // Only the connection itself is asked.
  tick() {
    return Infinity
  }
}

/** The last seq that a listener was sent, or would be sent from if it had begun. */
export const standingOf = ({ state, sent, topic }: Subscription) =>
  state === 'waiting' ? (topic.delivered ?? 0) : sent

const views = new WeakMap<RoomsRule, View>()
/** How a protocol shows its rooms: one object for all listeners, so that what it makes of a frame is made once. */
export const viewOf = (rule: RoomsRule): View => {
  const there = views.get(rule)
  if (there) return there
  const { key, prefix, text, endings } = rule
  const named = (topic: string) => ({ [key]: topic.slice(prefix.length) })
  const view: View = { named, ...(text && { text }), ...(endings && { endings }) }
  views.set(rule, view)
  return view
}
