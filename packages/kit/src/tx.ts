import type { Json } from './json.ts'
import type { Queryable, Sql } from './sql.ts'

/** An event of a live topic as its log holds it. */
export interface LogEvent {
  topic: string
  seq: number
  type: string
  /** JSON text; null where a later delete blanked it. */
  payload: string | null
  actorId: string | null
  /** ISO 8601, UTC. */
  timestamp: string
}

/** Rows of many topics that are added together, each with the event of its own. */
export interface Appending {
  type: string
  /**
   * Selects `topic`, `subject` (the row's id, by which those of a topic are ordered), `actor_id` and whatever a row takes,
   * of those that may be, and locks what that rests on.
   */
  asked: Sql
  /** Inserts all that is in the table it is given, where each has its `seq`, and returns `id` and what its event says. */
  rows: (placed: Sql) => Sql
  /** Selects task, payload, key and time of the jobs that they make, which are relayed with the others of their second. */
  jobs: (placed: Sql) => Sql
}

/** An event of a row that was inserted with it; `subject` is its id. */
export interface AppendedEvent extends LogEvent {
  payload: string
  subject: string
}

/** What a commit leaves to do: events to publish, jobs to relay at once. */
export interface Commit {
  events: LogEvent[]
  jobs: boolean
}

export interface JobOptions {
  /** One waiting job a key: a second add replaces the payload and keeps the time. */
  key?: string
  runAt?: Date
}

export interface TxOptions {
  /**
   * What the transaction locks that many others lock, too, such as the live topic that it adds to. Those of one process
   * with the same turn have a third of its connections at most; the others wait in order and without one, 10 s, then 503.
   */
  turn?: string
  /**
   * Milliseconds that it waits for each lock, instead of the role's two seconds. It is run once: what is in its way is for
   * the caller to go round.
   */
  hurry?: number
}

export interface Tx extends Queryable {
  /**
   * Adds an event to a topic's log. It takes its place, `seq`, with the heads at the end of the transaction, in one
   * statement sent together with `commit`, and is published after that. `payload` is the whole row as it now is.
   */
  emit(topic: string, type: string, payload: Json<unknown> | object, subject?: string): void
  /**
   * Adds an event whose row holds the seq it is made at: `row` is an `insert|update … returning` over that seq, and what
   * it returns, as JSON text, is the event's payload and the answer. The topic's head is locked from here to the commit,
   * so it comes last of what asks, once a transaction. With `last` the transaction ends with it: the commit is sent along,
   * and nobody waits for the head while an answer travels. `row` gives exactly one: what could keep it from that is
   * locked or known before.
   */
  append<T>(event: {
    topic: string
    type: string
    subject: string
    row: (seq: Sql) => Sql
    last?: boolean
  }): Promise<Json<T>>
  /** `append` for rows of many topics, with which the transaction ends. Gives the events of what was added. */
  appendAll(what: Appending): Promise<AppendedEvent[]>
  /**
   * Blanks what the log of `topic` still says of rows that are deleted for good: the payloads of the earlier events
   * that were emitted with one of these `subjects`, their ids. Their seqs stay.
   */
  erase(topic: string, subjects: readonly string[]): Promise<void>
  /**
   * Locks topics, in their order, before anything else: for transactions that add to several, or whose event speaks of
   * all that a topic has. What is read afterwards is what the topic's log says up to now. Does not move a head.
   */
  hold(topics: readonly string[]): Promise<void>
  /** Adds a job that runs if, and only if, this transaction commits: at least once. */
  addJob(name: string, payload: object, options?: JobOptions): void
  /** What `emit` is to carry as `actorId`; the request's actor unless told. */
  actAs(actorId: string | null): void
}
