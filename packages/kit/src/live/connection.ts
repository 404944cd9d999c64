import type { Person } from '../actor.ts'
import type { Auth } from '../auth.ts'
import { codeOf } from '../errors.ts'
import { type CloseCode, closeCodes } from './close-codes.ts'
import { fault, handleFrame, type Seat } from './frames.ts'
import { shownAs } from './hand-out.ts'
import type { Hub } from './hub.ts'
import { type ClientFrame, Pace, readFrame } from './intake.ts'
import type { Listener } from './listener.ts'
import { control, type Message } from './message.ts'
import type { Presence, Standing } from './presence.ts'
import { Present } from './present.ts'
import { openRechecks, type Rechecks } from './rechecks.ts'
import { decide, decideRooms, type Given, type RightParts } from './right.ts'
import { openRooms, type OpenRooms, standingOf } from './rooms.ts'
import type { Socket } from './socket.ts'
import type { Timing } from './timing.ts'
import type { From, Subscription } from './topic.ts'

/** The transport under a connection. */
export interface Wire {
  send(message: Message): void
  /** Bytes handed over that have not left, and those that left since it was opened. */
  unsent(): number
  taken(): number
  close(code: CloseCode): void
  /** A stream, whose client cannot speak: it resumes by how it opens, and its silence means nothing. */
  oneWay?: boolean
}

export interface ConnectionParts extends RightParts {
  hub: Hub
  auth: Pick<Auth, 'ticket'>
  presence?: Presence
  timing: Timing
}

export interface Open {
  /** Until it is let in or closed; nothing once it is. */
  readonly admission?: Promise<void> | undefined
  /** A frame of the client, as text. Frames are handled one after the other. */
  receive(text: string): void
  /** The transport is gone. */
  gone(): void
  close(code: CloseCode): void
}

export interface Opening {
  socket: Socket
  wire: Wire
  person: Person
  params: Given
}

const resumeWithin = 10_000
const silentFor = 90_000
/** Frames that wait for the one before them: what each of them asks for may take seconds. */
const mostWaiting = 100
/** Sockets and streams of one person on a process: many tabs, and not a flood. */
const mostOfOnePerson = 100
const settled = Promise.resolve()

/**
 * Runs a protocol on a wire for a signed-in person. Registered first, then decided on a fresh read; then the frames of
 * `frames.ts`. It ends when the token's time, the session or the right is over; a right that cannot be decided again for
 * 10 s sends the client away to come back.
 */
export const connect = (parts: ConnectionParts, opening: Opening): Open => {
  const connection = new Connection(parts, opening)
  void connection.begin()
  return connection
}

// A class, as a process has ten thousand of them: closures and timers of its own would weigh more than the socket.
class Connection implements Listener, Seat, Open {
  person: Person
  workspaces: readonly string[] | undefined = undefined
  readonly given: Given
  rooms: OpenRooms | undefined
  private readonly parts: ConnectionParts
  private readonly socket: Socket
  private readonly wire: Wire
  private readonly pace: Pace
  private readonly begun: number
  private heard: number
  private over = false
  private admitted = false
  /** What its right rests on changed before it was decided. */
  private changed = false
  private resumed = false
  private handling = false
  private backlog: ClientFrame[] | undefined = undefined
  admission: Promise<void> | undefined = undefined
  private subscription: Subscription | undefined = undefined
  private present: Present | undefined = undefined
  private rechecks: Rechecks | undefined = undefined

  constructor(parts: ConnectionParts, { socket, wire, person, params }: Opening) {
    this.parts = parts
    this.socket = socket
    this.wire = wire
    this.person = person
    this.given = params
    this.begun = this.heard = parts.timing.now()
    this.pace = new Pace(this.begun)
    this.rooms = this.openRooms()
  }

  async begin() {
    this.admission = this.admit().catch((error: unknown) => this.fail('a connection could not be opened', error))
    await this.admission
    this.admission = undefined
  }

  // What a client says.

  receive(text: string) {
    if (this.over) return
    this.heard = this.parts.timing.now()
    if (!this.pace.allows(this.heard)) return this.close(closeCodes.tooMany)
    const frame = readFrame(text)
    if (typeof frame === 'number') return this.close(frame)
    if (!frame) return fault(this, 'VALIDATION_ERROR', 'A frame is JSON: { "type": …, "payload": … }.')
    if (frame.type === 'resume' || (frame.type === 'subscribe' && this.rooms)) this.resumed = true
    if (!this.handling) void this.handle(frame)
    else if ((this.backlog ??= []).push(frame) > mostWaiting) this.close(closeCodes.tooMany)
  }

  private async handle(first: ClientFrame) {
    this.handling = true
    try {
      await this.admission
      for (let frame: ClientFrame | undefined = first; frame && !this.over; frame = this.backlog?.shift())
        await handleFrame({ socket: this.socket, warn: this.parts.warn }, this, frame)
    } catch (error) {
      this.fail('a connection failed', error)
    }
    this.backlog = undefined
    this.handling = false
  }

  context() {
    return this.parts.context(this.person)
  }

  send(type: string, payload: object) {
    this.deliver(control(type, payload))
  }

  stand(standing: Standing) {
    this.present?.stand(standing)
  }

  has(room: string) {
    return this.rooms?.has(room) ?? false
  }

  standing() {
    return this.subscription ? standingOf(this.subscription) : 0
  }

  resume(from: From) {
    if (this.subscription) void this.goOn(this.subscription, from)
  }

  private async goOn(joined: Subscription, from: From) {
    await this.parts.hub.resume(joined, from)
    const greeting = !this.over && joined.state === 'live' && this.present?.greeting()
    if (greeting) this.deliver(shownAs(this.parts, greeting, this.socket.protocol))
  }

  async renew(ticket: string) {
    const next = await this.parts.auth.ticket(ticket).catch((error: unknown) => codeOf(error))
    if (this.over) return
    if (typeof next !== 'object' && next !== 'UNAUTHORIZED')
      return fault(this, 'UNAVAILABLE', 'This ticket could not be taken. Get a new one and try again.')
    if (typeof next !== 'object' || next.id !== this.person.id) return this.close(closeCodes.unauthorized)
    const verdict = await this.decide(next)
    if (this.over) return
    if (verdict === 'unknown')
      return fault(this, 'UNAVAILABLE', 'Your right could not be decided. Get a new ticket and try again.')
    if ('refused' in verdict) return this.close(verdict.refused)
    // What was revoked while it was decided was compared with the person before.
    if (this.parts.revocations.isRevoked(next)) return this.close(closeCodes.unauthorized)
    this.person = next
    this.rooms?.recheck()
    this.send('renewed', { expiresAt: new Date(next.exp * 1000).toISOString() })
  }

  // What the hub does with a listener.

  deliver(message: Message) {
    if (!this.over) this.wire.send(message)
  }

  unsent() {
    return this.wire.unsent()
  }

  taken() {
    return this.wire.taken()
  }

  tick(now: number) {
    const begun = this.begun + resumeWithin
    const silent = this.wire.oneWay ? Infinity : this.heard + silentFor
    if (now >= this.person.exp * 1000) this.close(closeCodes.unauthorized)
    else if (now >= begun && !this.resumed) this.close(closeCodes.protocol)
    else if (now >= begun && !this.admitted) this.close(closeCodes.restarting)
    else if (now >= silent) this.close(closeCodes.tooSlow)
    return Math.min(this.person.exp * 1000, this.resumed && this.admitted ? Infinity : begun, silent)
  }

  recheck() {
    this.rooms?.recheck()
    if (this.admitted) (this.rechecks ??= this.openRechecks()).ask()
    else this.changed = true
  }

  decided() {
    return this.rechecks?.decided() ?? settled
  }

  // How it begins and ends.

  private async admit() {
    const { hub, presence } = this.parts
    const { protocol } = this.socket
    hub.add(this)
    if (hub.countOf(this.person.id) > mostOfOnePerson) this.close(closeCodes.tooMany)
    if (this.over) return
    const joined = hub.join(protocol.topic(this.given as never, this.person), this, protocol)
    await hub.opened(joined)
    do {
      this.changed = false
      const verdict = await this.decide(this.person)
      if (this.over) return
      if (verdict === 'unknown') return this.close(closeCodes.restarting)
      if ('refused' in verdict) return this.close(verdict.refused)
    } while (this.changed)
    this.admitted = true
    this.subscription = joined
    if (presence && protocol.presence) {
      const { given, person } = this
      this.present = new Present(presence, protocol.presence, { given, person, topic: joined.topic.name })
    }
  }

  private async decide(as: Person) {
    const verdict = await decide(this.parts, this.socket, as, this.given)
    if (verdict !== 'unknown' && 'grant' in verdict) this.workspaces = verdict.grant.workspaces
    return verdict
  }

  private openRechecks() {
    return openRechecks({
      timing: this.parts.timing,
      over: () => this.over,
      giveUp: () => this.close(closeCodes.restarting),
      decide: async () => {
        const verdict = await this.decide(this.person)
        if (verdict === 'unknown') return 'unknown'
        if ('refused' in verdict) this.close(verdict.refused)
        return 'decided'
      },
    })
  }

  private openRooms() {
    const { hub, timing } = this.parts
    const { rooms: rule } = this.socket.protocol
    if (!rule) return undefined
    return openRooms({
      ...{ hub, timing, rule, listener: this },
      send: (type, payload) => this.send(type, payload),
      decide: (names) => decideRooms(this.parts, { rule, person: this.person, given: this.given }, names),
    })
  }

  close(code: CloseCode) {
    if (this.over) return
    const back = code === closeCodes.restarting || code === closeCodes.tooSlow
    this.send('bye', { code, ...(back && { retryAfter: Math.round(this.parts.timing.random() * 2000) }) })
    this.end()
    this.wire.close(code)
  }

  gone() {
    if (!this.over) this.end()
  }

  private end() {
    this.over = true
    this.present?.leave()
    this.rooms?.end()
    this.parts.hub.remove(this)
  }

  private fail(what: string, error: unknown) {
    this.parts.warn(what, { err: error })
    this.close(closeCodes.restarting)
  }
}
