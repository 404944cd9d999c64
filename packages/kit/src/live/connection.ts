import type { Person } from '../actor.ts'
import type { Auth } from '../auth.ts'
import { codeOf, unauthorized } from '../errors.ts'
import type { Revocations } from '../revocations.ts'
import { type CloseCode, closeCodeOf, closeCodes } from './close-codes.ts'
import type { Hub } from './hub.ts'
import { control, type Listener } from './listener.ts'
import type { Socket } from './socket.ts'
import type { Timing } from './timing.ts'
import type { Subscription } from './topic.ts'

/** The transport under a connection. */
export interface Wire {
  send(data: Buffer): void
  unsent(): number
  close(code: CloseCode): void
}

export interface Parts {
  hub: Hub
  auth: Pick<Auth, 'ticket'>
  revocations: Pick<Revocations, 'freshCheck'>
  timing: Timing
  /** The context of a person on this service. */
  context(person: Person): object
}

export interface Open {
  /** A frame of the client, as text. Frames are handled one after the other. */
  receive(text: string): void
  /** The transport is gone. */
  gone(): void
  close(code: CloseCode): void
}

const firstFrame = 10_000
const burst = 100
const window = 10_000

/**
 * Runs a protocol on a wire for a signed-in person: registered first, then decided on a fresh read of revocation and
 * right, then `resume`, events, `ping`, `renew`; ended when its time, its session or its right is over.
 */
export const connect = (
  parts: Parts,
  { route, protocol }: Socket,
  wire: Wire,
  who: Person,
  params: Record<string, string>,
): Open => {
  const { hub, timing } = parts
  let person = who
  let closed = false
  let subscription: Subscription | undefined
  let decided: Promise<boolean> | undefined
  let queue: Promise<unknown> = Promise.resolve()
  let waiting = 0
  const frames: number[] = []

  const close = (code: CloseCode) => {
    if (closed) return
    const jitter = code === closeCodes.restarting || code === closeCodes.tooSlow
    wire.send(control('bye', { code, ...(jitter && { retryAfter: Math.round(timing.random() * 2000) }) }))
    end()
    wire.close(code)
  }
  const end = () => {
    closed = true
    callOffFirst()
    callOffExpiry()
    hub.remove(listener)
  }
  const listener: Listener & { workspaces: readonly string[] } = {
    get person() {
      return person
    },
    workspaces: [],
    send: (data) => void (closed || wire.send(data)),
    unsent: () => wire.unsent(),
    close,
    recheck: () => void decide(person),
  }
  const callOffFirst = timing.after(firstFrame, () => close(closeCodes.protocol))
  const expire = () => timing.after(Math.max(0, person.exp * 1000 - timing.now()), () => close(closeCodes.unauthorized))
  let callOffExpiry = expire()

  // Whatever cannot be decided is not allowed: the client comes back.
  const decide = async (as: Person): Promise<boolean> => {
    try {
      if (await parts.revocations.freshCheck(as)) throw unauthorized('This session has ended.')
      const grant = await protocol.authorise(parts.context(as) as never, params as never)
      if (closed) return false
      listener.workspaces = grant.workspaces
      subscription ??= hub.join(grant.topic, listener, protocol.endings)
      return true
    } catch (error) {
      close(closeCodeOf(codeOf(error)))
      return false
    }
  }

  const handle = async (frame: { type: string; payload?: unknown }) => {
    if (closed || !(await decided) || !subscription) return
    const payload = (frame.payload ?? {}) as Record<string, unknown>
    if (frame.type === 'resume') {
      const { after, epoch } = payload
      if (after !== undefined && !(Number.isSafeInteger(after) && (after as number) >= 0))
        return fault('VALIDATION_ERROR', 'after is a seq')
      callOffFirst()
      // Not awaited: the client may ping or resume anew while it is catching up.
      void hub.resume(subscription, {
        after: after as number | undefined,
        epoch: typeof epoch === 'string' ? epoch : undefined,
      })
    } else if (frame.type === 'ping') wire.send(control('pong', { seq: subscription.topic.delivered ?? 0 }))
    else if (frame.type === 'renew') await renew(payload['ticket'])
    else await other(frame)
  }

  const renew = async (ticket: unknown) => {
    const next = await parts.auth.ticket(String(ticket)).catch(() => undefined)
    if (!next || next.id !== person.id) return close(closeCodes.unauthorized)
    if (!(await decide(next)) || closed) return
    person = next
    callOffExpiry()
    callOffExpiry = expire()
    wire.send(control('renewed', { expiresAt: new Date(person.exp * 1000).toISOString() }))
  }

  const other = async (frame: object) => {
    const parsed = protocol.message && route.incoming?.safeParse(frame)
    if (!parsed?.success) return fault('VALIDATION_ERROR', 'this socket knows no such frame')
    const send = (type: string, payload: object) => void (closed || wire.send(control(type, payload)))
    try {
      await protocol.message?.(parts.context(person) as never, parsed.data as never, { send })
    } catch (error) {
      fault(
        codeOf(error) ?? 'INTERNAL_ERROR',
        codeOf(error) ? (error as Error).message : 'Something went wrong on our side.',
      )
    }
  }

  const fault = (code: string, message: string) => void (closed || wire.send(control('error', { code, message })))

  const read = (text: string) => {
    try {
      const frame: unknown = JSON.parse(text)
      if (typeof frame === 'object' && frame !== null && 'type' in frame && typeof frame.type === 'string')
        return frame as { type: string }
    } catch {
      // Answered below, as for every other thing that is no frame.
    }
    return undefined
  }

  hub.add(listener)
  decided = decide(person)
  return {
    receive: (text) => {
      if (closed) return
      const now = timing.now()
      frames.push(now)
      while (frames[0]! < now - window) frames.shift()
      if (frames.length > burst || waiting > burst) return close(closeCodes.tooMany)
      const frame = read(text)
      if (!frame) return fault('VALIDATION_ERROR', 'a frame is JSON: { "type": …, "payload": … }')
      waiting++
      queue = queue
        .then(() => handle(frame))
        .catch(() => close(closeCodes.restarting))
        .finally(() => waiting--)
    },
    gone: () => void (closed || end()),
    close,
  }
}
