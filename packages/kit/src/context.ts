import type { Access } from '@wealist/contract/route'
import type { ServiceName } from '@wealist/contract/topology'
import type { Registry } from 'prom-client'
import type { Actor, Anonymous, Peer, Person } from './actor.ts'
import type { Auth } from './auth.ts'
import type { Bus } from './bus.ts'
import type { Config } from './config.ts'
import type { Db } from './db.ts'
import type { Live } from './live/live.ts'
import type { Log } from './log.ts'
import type { Call } from './peer.ts'
import type { Redis } from './redis.ts'
import type { Revocations } from './revocations.ts'
import type { Tx, TxOptions } from './tx.ts'

/** What kit opens for every service. */
export interface Base {
  service: ServiceName
  config: Config
  log: Log
  /** The service's own database; services that the topology gives none (auth) have none. */
  db: Db
  redis: Redis
  bus: Bus
  metrics: Registry
  clock: { now(): number }
  /** False where the process is frozen between requests (Lambda): nothing is remembered, no timer runs. */
  resident: boolean
  auth: Auth
  revocations: Revocations
  /** Calls a peer's internal route, with the key, the request id, a time limit and retries of what is idempotent. */
  call: Call
  /** Sockets and streams of this process. */
  live: Live
}

/** What is known of the request at hand. */
export interface RequestInfo {
  id: string
  traceparent: string | undefined
  /** The client's address, by TRUSTED_HOPS. */
  ip: string
  userAgent: string | undefined
  /** Raw header by lower-case name. */
  header(name: string): string | undefined
  /** Version named by `If-Match`, where the route is versioned and the caller sent one. */
  ifMatch: number | undefined
  /** The request itself, for routes that are `raw`. */
  raw: Request
}

/** First argument of every rule: who asks, and what the service has. */
export type Ctx<D = unknown, A extends Actor = Person> = Base &
  D & {
    actor: A
    request: RequestInfo
    /** A transaction of this request: its events carry the actor, its answer is kept for the Idempotency-Key. */
    tx<T>(work: (tx: Tx) => Promise<T>, options?: TxOptions): Promise<T>
  }

/** Who can be the actor of a route with this access. */
export type ActorOf<A extends Access> = A extends 'internal' ? Peer : A extends 'public' ? Person | Anonymous : Person
