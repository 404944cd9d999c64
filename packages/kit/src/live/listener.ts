import type { Bearer } from '../revocations.ts'
import type { CloseCode } from './close-codes.ts'
import type { Frame } from './frame.ts'
import type { Message } from './message.ts'

/** Who listens: a socket or a stream, whatever carries it. Nothing in it may wait. */
export interface Listener {
  readonly person: Bearer
  /** Workspaces that its right rests on; undefined until it was decided for the first time. */
  readonly workspaces: readonly string[] | undefined
  deliver(message: Message): void
  /** Bytes handed over that have not left. */
  unsent(): number
  /** Bytes that left since it was opened; it only grows. One that does not read is known by it standing still. */
  taken(): number
  /** Says why, then ends; later calls do nothing. */
  close(code: CloseCode): void
  /** Has its right decided again; it is closed where there is none. */
  recheck(): void
  /** Resolves when no decision is asked for or under way. */
  decided(): Promise<void>
  /** Ends it where its time is over; otherwise when that is to be asked again, at the latest. */
  tick(now: number): number
}

/** How a protocol shows its topics. The same object for all of its listeners: what it makes is made once for them. */
export interface View {
  /** The frame's text where it is not the event's own, such as one that names its room; undefined for what is not shown. */
  text?(frame: Frame): string | undefined
  endings?: Endings
  /** What every frame of a topic says of where it comes from, such as `{ chatId }`, at its top. */
  named?(topic: string): Record<string, string>
}

/**
 * What an event ends: for whom it closes the listener in the tick in which it is handed out, before the next seq, or has
 * the right decided again. Called once an event, so that its payload is parsed at most once.
 */
export type Endings = (frame: Frame) => ((person: Bearer) => CloseCode | 'recheck' | undefined) | undefined
