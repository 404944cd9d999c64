import type { Person } from '../actor.ts'
import type { Auth } from '../auth.ts'
import { codeOf } from '../errors.ts'
import { type CloseCode, closeCodes } from './close-codes.ts'
import { shownAs } from './hand-out.ts'
import type { Hub } from './hub.ts'
import type { Listener } from './listener.ts'
import { control, type Message } from './message.ts'
import type { Presence } from './presence.ts'
import { type Present, presentBy } from './present.ts'
import { decide, type RightParts } from './right.ts'
import type { Socket } from './socket.ts'
import { pause, type Timing } from './timing.ts'
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

/** Largest frame of a client in bytes: what API Gateway takes, on every transport. */
export const mostFrame = 32 * 1024
const mostFrames = 100
const window = 10_000
const resumeWithin = 10_000
const silentFor = 90_000
const undecidedFor = 10_000
/** Sockets and streams of one person on a process: many tabs, and not a flood. */
const mostOfOnePerson = 100

/**
 * Runs a protocol on a wire for a signed-in person. Registered first, then decided on a fresh read; then `resume`,
 * events, `ping`, `renew`, and whatever the protocol itself takes. It ends when the token's time, the session or the
 * right is over; a right that cannot be decided again for 10 s sends the client away to come back.
 */
export const connect = (
  parts: ConnectionParts,
  { socket, wire, person: who, params }: { socket: Socket; wire: Wire; person: Person; params: Record<string, string> },
): Open => {
  const { hub, timing } = parts
  const { route, protocol } = socket
  let person = who
  let workspaces: readonly string[] | undefined
  let closed = false
  let admitted = false
  let changed = false
  let rechecking = false
  let deciding: Promise<void> = Promise.resolve()
  let resumed = false
  let heard = timing.now()
  let subscription: Subscription | undefined
  let present: Present | undefined
  let queue: Promise<unknown> = Promise.resolve()
  const recent: number[] = []

  const say = (type: string, payload: object) => void (closed || wire.send(control(type, payload)))
  const fault = (code: string, message: string) => say('error', { code, message })

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
    recheck: () => recheck(),
    decided: () => deciding,
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
    const verdict = await decide(parts, socket, as, params)
    if (verdict !== 'unknown' && 'grant' in verdict) workspaces = verdict.grant.workspaces
    return verdict
  }

  const admit = async () => {
    hub.add(listener)
    if (hub.countOf(person.id) > mostOfOnePerson) close(closeCodes.tooMany)
    if (closed) return
    const joined = hub.join(protocol.topic(params as never, person), listener, protocol)
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
    present = presentBy(parts.presence, protocol.presence, { given: params as never, person })
  }

  const recheck = () => {
    changed = true
    if (!admitted || rechecking) return
    rechecking = true
    deciding = decideAgain().finally(() => (rechecking = false))
  }
  // One decision at a time; what changes while it is made has it made once more.
  const decideAgain = async () => {
    const since = timing.now()
    while (changed && !closed) {
      changed = false
      const verdict = await verdictOn(person)
      if (verdict === 'unknown') {
        if (timing.now() - since >= undecidedFor) return close(closeCodes.restarting)
        changed = true
        await pause(timing, 250 + timing.random() * 500)
      } else if ('refused' in verdict) return close(verdict.refused)
    }
  }

  const handle = async (frame: { type: string; payload?: unknown }) => {
    await admission
    if (closed || !subscription) return
    const payload = (frame.payload ?? {}) as Record<string, unknown>
    if (frame.type === 'resume') {
      const { after, epoch } = payload
      if (after !== undefined && after !== null && !(Number.isSafeInteger(after) && Number(after) >= 0))
        return fault('VALIDATION_ERROR', 'after is a seq: a whole number from 0.')
      callOffFirst()
      // Not awaited: the client may ping, or resume anew, while it is catching up.
      void resumeFrom(subscription, {
        after: (after ?? undefined) as number | undefined,
        epoch: typeof epoch === 'string' ? epoch : undefined,
      })
    } else if (frame.type === 'ping') {
      const { state, sent, topic } = subscription
      say('pong', { seq: state === 'waiting' ? (topic.delivered ?? 0) : sent })
    } else if (frame.type === 'renew') await renew(payload['ticket'])
    else await other(frame)
  }

  const resumeFrom = async (joined: Subscription, from: From) => {
    await hub.resume(joined, from)
    const greeting = !closed && joined.state === 'live' && present?.greeting()
    if (greeting) listener.send(shownAs(parts, greeting, protocol))
  }

  const renew = async (ticket: unknown) => {
    const next = await parts.auth.ticket(String(ticket)).catch((error: unknown) => codeOf(error))
    if (closed) return
    if (typeof next !== 'object' && next !== 'UNAUTHORIZED')
      return fault('UNAVAILABLE', 'This ticket could not be taken. Get a new one and try again.')
    if (typeof next !== 'object' || next.id !== person.id) return close(closeCodes.unauthorized)
    const verdict = await verdictOn(next)
    if (closed) return
    if (verdict === 'unknown')
      return fault('UNAVAILABLE', 'Your right could not be decided. Get a new ticket and try again.')
    if ('refused' in verdict) return close(verdict.refused)
    // What was revoked while it was decided was compared with the person before.
    if (parts.revocations.isRevoked(next)) return close(closeCodes.unauthorized)
    person = next
    callOffExpiry()
    callOffExpiry = expire()
    say('renewed', { expiresAt: new Date(person.exp * 1000).toISOString() })
  }

  const other = async (frame: { type: string }) => {
    const parsed = protocol.message && route.incoming?.safeParse(frame)
    if (!parsed?.success) return fault('VALIDATION_ERROR', 'This socket takes no such frame.')
    try {
      await protocol.message?.(parts.context(person) as never, parsed.data as never, {
        send: say,
        stand: (s) => present?.stand(s),
      })
    } catch (error) {
      const code = codeOf(error)
      if (code === undefined) parts.warn('a frame could not be handled', { type: frame.type, err: error })
      fault(code ?? 'INTERNAL_ERROR', code ? (error as Error).message : 'Something went wrong on our side.')
    }
  }

  const admission = admit().catch((error: unknown) => {
    parts.warn('a connection could not be opened', { err: error })
    close(closeCodes.restarting)
  })
  return {
    receive: (text) => {
      if (closed) return
      heard = timing.now()
      recent.push(heard)
      while (recent[0]! < heard - window) recent.shift()
      if (recent.length > mostFrames) return close(closeCodes.tooMany)
      if (Buffer.byteLength(text) > mostFrame) return close(closeCodes.tooLarge)
      const frame = parse(text)
      if (!frame) return fault('VALIDATION_ERROR', 'A frame is JSON: { "type": …, "payload": … }.')
      if (frame.type === 'resume') resumed = true
      queue = queue
        .then(() => handle(frame))
        .catch((error: unknown) => {
          parts.warn('a connection failed', { err: error })
          close(closeCodes.restarting)
        })
    },
    gone: () => void (closed || end()),
    close,
  }
}

const parse = (text: string) => {
  try {
    const frame: unknown = JSON.parse(text)
    if (typeof frame !== 'object' || frame === null || !('type' in frame) || typeof frame.type !== 'string')
      return undefined
    return frame as { type: string; payload?: unknown }
  } catch {
    return undefined
  }
}
