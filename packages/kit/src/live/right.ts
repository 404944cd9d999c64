import type { Person } from '../actor.ts'
import { codeOf, unauthorized } from '../errors.ts'
import type { Revocations } from '../revocations.ts'
import { type CloseCode, closeCodeOf } from './close-codes.ts'
import type { Grant, RoomsRule, Socket } from './socket.ts'

/** What the path and the query of a connection gave, parsed. */
export type Given = Readonly<Record<string, unknown>>

export interface RightParts {
  revocations: Pick<Revocations, 'freshCheck' | 'isRevoked'>
  /** The context of a person on this service. */
  context(person: Person): object
  /** Takes turns: a thousand listeners that are decided at once leave connections to requests. Who waits long is undecided. */
  inTurn<T>(work: () => Promise<T>): Promise<T>
  warn(message: string, about: object): void
}

/** A right that is there, or the code that refuses it, or neither: what decides it is away. */
export type Verdict = { grant: Grant } | { refused: CloseCode } | 'unknown'

/** Which rooms of a socket a person may have, of those named, by one reading for all of them. */
export const decideRooms = (
  { context, inTurn, warn }: RightParts,
  { rule, person, given }: { rule: RoomsRule; person: Person; given: Given },
  names: readonly string[],
): Promise<ReadonlySet<string> | 'unknown'> =>
  inTurn(async () => new Set(await rule.authorise(context(person) as never, given as never, names))).catch(
    (error: unknown) => {
      if (codeOf(error) === undefined) warn('the rights of rooms could not be decided', { err: error })
      return 'unknown'
    },
  )

/** Decides the right of a person on a socket by a fresh read of revocations, blocks and of what it rests on. */
export const decide = (
  { revocations, context, inTurn, warn }: RightParts,
  { protocol }: Socket,
  person: Person,
  given: Given,
): Promise<Verdict> =>
  inTurn(async (): Promise<Verdict> => {
    if (await revocations.freshCheck(person)) throw unauthorized()
    return { grant: await protocol.authorise(context(person) as never, given as never) }
  }).catch((error: unknown): Verdict => {
    const code = codeOf(error)
    if (code === undefined) warn('a right could not be decided', { err: error })
    if (code === undefined || code === 'UNAVAILABLE' || code === 'INTERNAL_ERROR') return 'unknown'
    return { refused: closeCodeOf(code) }
  })
