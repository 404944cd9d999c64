import type { Person } from '../actor.ts'
import { forbidden } from '../errors.ts'
import { newId } from '../ids.ts'
import type { LogEvent } from '../tx.ts'
import { closeCodes } from './close-codes.ts'
import type { Open, Wire } from './connection.ts'
import type { RightParts } from './right.ts'
import type { SimulatedDatabase } from './simulation.database.ts'
import type { Chance, VirtualTime } from './simulation.time.ts'
import type { Socket } from './socket.ts'

/** What a simulation runs in. */
export interface Ground {
  time: VirtualTime
  chance: Chance
  database: SimulatedDatabase
  /** Sessions that were ended, and when. */
  ended: Map<string, number>
}

export interface Arrival {
  wire: Wire
  topic: string
  userId: string
  sid: string
  /** The other end is no more, without a word. */
  died(): void
}

/** One way of live delivery: what serves requests and sockets, and everything that goes wrong with it. */
export interface Fleet {
  /** Where a client gets in, as the balancer picks; undefined while nothing is up. */
  door(): ((arrival: Arrival) => Open) | undefined
  /** Frames leave in order, and the line keeps it unless it is loose. */
  ordered: boolean
  /** True where a person may be sent this seq at this moment. */
  maySee(topic: string, userId: string, seq: number): boolean
  /** A request: it commits, and tells everybody a little later, unless what serves it dies before. */
  write(commit: () => LogEvent): Promise<void>
  endSession(sid: string): void
  /** The database went back to a backup, and what was under way was cut off. */
  restored(): void
  /** How much goes wrong from now on: 0 nothing, 1 some, 2 a lot. */
  trouble(much: 0 | 1 | 2): void
  /** What may happen to it, and how often in two seconds. */
  hazards: readonly [number, () => unknown][]
  stop(): void
}

/** A socket on a topic of things, for its members. */
export const simulatedSocket = (database: SimulatedDatabase): Socket => ({
  route: { path: '/ws/things' } as never,
  protocol: {
    topic: (given) => (given as { topic: string }).topic,
    authorise: async (ctx, given) => {
      const { actor } = ctx as unknown as { actor: Person }
      if (!(await database.isMember((given as { topic: string }).topic, actor.id))) throw forbidden()
      return { workspaces: ['workspace'] }
    },
    endings: ({ type, text }) => {
      if (type !== 'member.removed') return undefined
      const { payload } = JSON.parse(text) as { payload: { userId: string } }
      return ({ id }) => (id === payload.userId ? closeCodes.forbidden : undefined)
    },
  },
})

export const personOf = ({ userId, sid }: Arrival, now: number) =>
  ({ kind: 'person', id: userId, sid, jti: newId(), exp: now / 1000 + 900 }) as Person

export const rightsIn = ({ time, ended }: Ground): RightParts => ({
  revocations: {
    isRevoked: ({ sid }) => ended.has(sid),
    freshCheck: async ({ sid }) => {
      await time.sleep(1)
      return ended.has(sid)
    },
  },
  context: (actor) => ({ actor }),
  inTurn: (work) => work(),
  warn: () => undefined,
})
export const nobodyRenews = { ticket: () => Promise.reject(new Error('nobody renews here')) }
