import type { RouteSpec } from '@wealist/contract/route'
import type { Actor, Person } from './actor.ts'
import { answerOf } from './answer.ts'
import type { Base, RequestInfo } from './context.ts'
import { type Claim, storeAnswer } from './idempotency.ts'
import { newId } from './ids.ts'
import type { openPeers } from './peer.ts'
import type { Runtime } from './start.ts'
import type { Tx, TxOptions } from './tx.ts'

interface Asked {
  runtime: Runtime
  route: RouteSpec
  actor: Actor
  info: RequestInfo
  headers: Record<string, string>
  claim: (Claim & { stored?: boolean }) | undefined
}

/** The context of a request: what the service has, by prototype, and what belongs to this request. */
export const requestContext = (
  shared: object,
  { runtime, route, actor, info, headers, claim: kept }: Asked,
): unknown => {
  let inside = false
  return Object.assign(Object.create(shared) as object, {
    actor,
    request: info,
    call: runtime.peers({ id: info.id, traceparent: info.traceparent }),
    tx: <T>(work: (tx: Tx) => Promise<T>, options?: TxOptions) =>
      runtime.base.db.tx(work, {
        ...options,
        ...(actor.kind === 'person' && { actorId: actor.id }),
        ...(kept && {
          before: async (tx: Tx, answer: T) => {
            if (kept.stored)
              throw new Error(`${route.method} ${route.path} keeps its answer with one transaction, and has two`)
            inside = answer !== undefined || route.status === 204
            if (inside) await storeAnswer(tx, kept, answerOf(route, answer))
          },
        }),
        after: ({ events }) => {
          if (kept && inside) kept.stored = true
          const last = events.at(-1)
          // Of two topics no one number speaks.
          if (last && events.every(({ topic }) => topic === last.topic)) headers['topic-seq'] = String(last.seq)
        },
      }),
  })
}

const nothing = () => undefined

/**
 * The context of a person outside a request: a frame is none, so it has an id of its own for what it causes, and none of
 * a request's headers.
 */
export const socketContext = (
  shared: object,
  { db }: Pick<Base, 'db'>,
  peers: ReturnType<typeof openPeers>,
  actor: Person,
): object => {
  const id = newId()
  const request: Omit<RequestInfo, 'raw'> = {
    id,
    traceparent: undefined,
    ip: '',
    userAgent: undefined,
    header: nothing,
    ifMatch: undefined,
  }
  const tx = <T>(work: (tx: Tx) => Promise<T>, options?: TxOptions) => db.tx(work, { ...options, actorId: actor.id })
  return Object.assign(Object.create(shared) as object, { actor, request, call: peers({ id }), tx })
}
