import type { Person } from '../actor.ts'
import { forbidden } from '../errors.ts'
import { newId } from '../ids.ts'
import type { LogEvent } from '../tx.ts'
import { closeCodes } from './close-codes.ts'
import { connect, type Open, type Wire } from './connection.ts'
import { channelOf, encode, frameOf } from './frame.ts'
import { type Counts, openHub } from './hub.ts'
import type { SimulatedDatabase } from './simulation.database.ts'
import type { simulatedBus } from './simulation.network.ts'
import type { VirtualTime } from './simulation.time.ts'
import type { Socket } from './socket.ts'

export type SimulatedProcess = ReturnType<typeof simulatedProcess>

export interface ProcessParts {
  time: VirtualTime
  database: SimulatedDatabase
  bus: ReturnType<typeof simulatedBus>
  ended: ReadonlyMap<string, number>
  counts: Counts
}

/** A process as `live.ts` puts it together, over a simulated database, bus and network. It may die at any moment. */
export const simulatedProcess = ({ time, database, bus, ended, counts }: ProcessParts) => {
  const own = bus.join()
  const connections = new Map<Open, () => void>()
  let alive = true
  const hub = openHub({ service: 'chat', bus: own, log: database.log, timing: time, counts, warn: () => undefined })

  const protocol: Socket['protocol'] = {
    topic: (params) => (params as { topic: string }).topic,
    authorise: async (ctx, params) => {
      const { actor } = ctx as unknown as { actor: Person }
      if (!(await database.isMember((params as { topic: string }).topic, actor.id))) throw forbidden()
      return { workspaces: ['workspace'] }
    },
    endings: ({ type, text }) => {
      if (type !== 'member.removed') return undefined
      const { payload } = JSON.parse(text) as { payload: { userId: string } }
      return ({ id }) => (id === payload.userId ? closeCodes.forbidden : undefined)
    },
  }
  const parts = {
    hub,
    timing: time,
    auth: { ticket: () => Promise.reject(new Error('nobody renews here')) },
    revocations: {
      isRevoked: ({ sid }: { sid: string }) => ended.has(sid),
      freshCheck: async ({ sid }: { sid: string }) => {
        await time.sleep(1)
        return ended.has(sid)
      },
    },
    context: (actor: Person) => ({ actor }),
    inTurn: <T>(work: () => Promise<T>) => work(),
    warn: () => undefined,
  }

  return {
    hub,
    bus: own,
    get alive() {
      return alive
    },
    connect: ({
      wire,
      topic,
      userId,
      sid,
      died,
    }: {
      wire: Wire
      topic: string
      userId: string
      sid: string
      died: () => void
    }): Open => {
      const person = { kind: 'person', id: userId, sid, jti: newId(), exp: time.now() / 1000 + 900 } as Person
      const socket = { route: {} as never, protocol }
      const open = connect(parts, { socket, wire, person, params: { topic } })
      connections.set(open, died)
      return open
    },
    /** What follows a commit. */
    publish: (event: LogEvent) => {
      if (!alive) return
      const frame = frameOf(event)
      hub.offer(frame)
      own.publish(channelOf('chat', frame.topic), encode(frame))
    },
    hearRevocation: (sid: string) => alive && hub.closeWhere((l) => l.person.sid === sid, closeCodes.unauthorized),
    drain: (ms: number) => hub.drain(ms),
    die: () => {
      alive = false
      for (const [open, died] of connections) {
        open.gone()
        died()
      }
      hub.close()
      own.leave()
    },
  }
}
