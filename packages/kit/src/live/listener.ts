import type { Bearer } from '../revocations.ts'
import type { CloseCode } from './close-codes.ts'
import type { Frame } from './frame.ts'

/** Who listens: a socket or a stream, whatever carries it. Nothing in it may throw or wait. */
export interface Listener {
  person: Bearer
  /** Workspaces that its right rests on; a change of membership there has it decided again. */
  workspaces: readonly string[]
  send(data: Buffer): void
  /** Bytes handed over that have not left. */
  unsent(): number
  /** Says why, then ends; later calls do nothing. */
  close(code: CloseCode): void
  /** Decides its right again; closes it where there is none. */
  recheck(): void
}

/**
 * What an event ends: for whom it closes the socket in the tick in which it was handed out, or has the right decided
 * again. Parsed once an event.
 */
export type Endings = (frame: Frame) => ((person: Bearer) => CloseCode | 'recheck' | undefined) | undefined

/** A control frame: `{ type, payload }`, without the top-level `seq` that events have. */
export const control = (type: string, payload: object) => Buffer.from(JSON.stringify({ type, payload }))
