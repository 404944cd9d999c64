import type { Person } from '../actor.ts'
import type { Auth } from '../auth.ts'
import { codeOf } from '../errors.ts'
import { type CloseCode, closeCodes } from './close-codes.ts'
import { fault, handleFrame, type Seat } from './frames.ts'
import { shownAs } from './hand-out.ts'
import type { Hub } from './hub.ts'
import { openPace, readFrame } from './intake.ts'
import type { Listener } from './listener.ts'
import { control, type Message } from './message.ts'
import type { Presence } from './presence.ts'
import { type Present, presentBy } from './present.ts'
import { openRechecks } from './rechecks.ts'
import { decide, decideRooms, type Given, type RightParts } from './right.ts'
import { openRooms, standingOf } from './rooms.ts'
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
  /** A frame of the client, as text. Frames are handled one after the other. */
  receive(text: string): void
  /** The transport is gone. */
  gone(): void
  close(code: CloseCode): void
}

const resumeWithin = 10_000
const silentFor = 90_000
/** Sockets and streams of one person on a process: many tabs, and not a flood. */
const mostOfOnePerson = 100

/**
 * Runs a protocol on a wire for a signed-in person. Registered first, then decided on a fresh read; then the frames of
 * `frames.ts`. It ends when the token's time, the session or the right is over; a right that cannot be decided again for
 * 10 s sends the client away to come back.
 */
export const connect = (
  parts: ConnectionParts,
  { socket, wire, person: who, params: given }: { socket: Socket; wire: Wire; person: Person; params: Given },
): Open => {
  const { hub, timing } = parts
  const { protocol } = socket
  let person = who
  let workspaces: readonly string[] | undefined
  let closed = false
  let admitted = false
  let changed = false
  let resumed = false
  let heard = timing.now()
  let subscription: Subscription | undefined
  let present: Present | undefined
  let queue: Promise<unknown> = Promise.resolve()
  const inPace = openPace(timing)

  const say = (type: string, payload: object) => void (closed || wire.send(control(type, payload)))

  const close = (code: CloseCode) => {
    if (closed) return
    const back = code === closeCodes.restarting || code === closeCodes.tooSlow
    say('bye', { code, ...(back && { retryAfter: Math.round(timing.random() * 2000) }) })
    end()
    wire.close(code)
  }
  const end = () => {
    closed = true
    callOffFirst()
    callOffExpiry()
    callOffSilence()
    present?.leave()
    rooms?.end()
    hub.remove(listener)
  }

  const listener: Listener = {
    get person() {
      return person
    },
    get workspaces() {
      return workspaces
    },
    send: (message) => void (closed || wire.send(message)),
    unsent: () => wire.unsent(),
    taken: () => wire.taken(),
    close,
    recheck: () => {
      rooms?.recheck()
      if (admitted) rechecks.ask()
      else changed = true
    },
    decided: () => rechecks.decided(),
  }

  const expire = () => timing.after(Math.max(0, person.exp * 1000 - timing.now()), () => close(closeCodes.unauthorized))
  let callOffExpiry = expire()
  const callOffFirst = timing.after(resumeWithin, () => {
    if (!resumed) close(closeCodes.protocol)
    else if (!admitted) close(closeCodes.restarting)
  })
  const silence = (ms: number) =>
    timing.after(ms, () => {
      const left = heard + silentFor - timing.now()
      if (left > 0) callOffSilence = silence(left)
      else close(closeCodes.tooSlow)
    })
  let callOffSilence = wire.oneWay ? () => undefined : silence(silentFor)

  const verdictOn = async (as: Person) => {
    const verdict = await decide(parts, socket, as, given)
    if (verdict !== 'unknown' && 'grant' in verdict) workspaces = verdict.grant.workspaces
    return verdict
  }
  const rechecks = openRechecks({
    timing,
    over: () => closed,
    giveUp: () => close(closeCodes.restarting),
    decide: async () => {
      const verdict = await verdictOn(person)
      if (verdict === 'unknown') return 'unknown'
      if ('refused' in verdict) close(verdict.refused)
      return 'decided'
    },
  })
  const rule = protocol.rooms
  const rooms =
    rule &&
    openRooms({
      ...{ hub, timing, rule, listener },
      send: say,
      decide: (names) => decideRooms(parts, { rule, person, given }, names),
    })

  const admit = async () => {
    hub.add(listener)
    if (hub.countOf(person.id) > mostOfOnePerson) close(closeCodes.tooMany)
    if (closed) return
    const joined = hub.join(protocol.topic(given as never, person), listener, protocol)
    await hub.opened(joined)
    do {
      changed = false
      const verdict = await verdictOn(person)
      if (closed) return
      if (verdict === 'unknown') return close(closeCodes.restarting)
      if ('refused' in verdict) return close(verdict.refused)
    } while (changed)
    admitted = true
    subscription = joined
    present = presentBy(parts.presence, protocol.presence, { given: given as never, person })
  }

  const resume = async (joined: Subscription, from: From) => {
    await hub.resume(joined, from)
    const greeting = !closed && joined.state === 'live' && present?.greeting()
    if (greeting) listener.send(shownAs(parts, greeting, protocol))
  }

  const renew = async (ticket: string) => {
    const next = await parts.auth.ticket(ticket).catch((error: unknown) => codeOf(error))
    if (closed) return
    if (typeof next !== 'object' && next !== 'UNAUTHORIZED')
      return fault(seat, 'UNAVAILABLE', 'This ticket could not be taken. Get a new one and try again.')
    if (typeof next !== 'object' || next.id !== person.id) return close(closeCodes.unauthorized)
    const verdict = await verdictOn(next)
    if (closed) return
    if (verdict === 'unknown')
      return fault(seat, 'UNAVAILABLE', 'Your right could not be decided. Get a new ticket and try again.')
    if ('refused' in verdict) return close(verdict.refused)
    // What was revoked while it was decided was compared with the person before.
    if (parts.revocations.isRevoked(next)) return close(closeCodes.unauthorized)
    person = next
    callOffExpiry()
    callOffExpiry = expire()
    rooms?.recheck()
    say('renewed', { expiresAt: new Date(person.exp * 1000).toISOString() })
  }

  const seat: Seat = {
    given,
    context: () => parts.context(person),
    send: say,
    stand: (standing) => present?.stand(standing),
    has: (room) => rooms?.has(room) ?? false,
    resume: (from) => void (subscription && resume(subscription, from)),
    standing: () => (subscription ? standingOf(subscription) : 0),
    renew,
    rooms,
  }
  const begins = (type: string) => type === 'resume' || (type === 'subscribe' && rooms !== undefined)
  const admission = admit().catch((error: unknown) => {
    parts.warn('a connection could not be opened', { err: error })
    close(closeCodes.restarting)
  })
  return {
    receive: (text) => {
      if (closed) return
      heard = timing.now()
      if (!inPace()) return close(closeCodes.tooMany)
      const frame = readFrame(text)
      if (typeof frame === 'number') return close(frame)
      if (!frame) return fault(seat, 'VALIDATION_ERROR', 'A frame is JSON: { "type": …, "payload": … }.')
      if (begins(frame.type)) resumed = true
      queue = queue
        .then(async () => {
          await admission
          if (!closed) await handleFrame({ socket, warn: parts.warn }, seat, frame)
        })
        .catch((error: unknown) => {
          parts.warn('a connection failed', { err: error })
          close(closeCodes.restarting)
        })
    },
    gone: () => void (closed || end()),
    close,
  }
}
