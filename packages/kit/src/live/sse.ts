import type { Person } from '../actor.ts'
import { connect, type ConnectionParts, type Wire } from './connection.ts'
import { control, type Message } from './message.ts'
import type { Socket } from './socket.ts'
import type { From } from './topic.ts'
import { openOutlets, type Outlet } from './outlets.ts'

const heartbeatMs = 25_000
/** Milliseconds a client waits before it comes back, spread so that not all come at once. */
const retryMs = { least: 1000, spread: 4000 }
const lingerMs = 2000
const summaryMs = 50
const summaryAgainMs = 1000

/** What is told in one sentence about all that was sent: `{ type, payload }`, a little after it, without an id. */
export interface Summary {
  type: string
  read(): Promise<object>
}

export interface StreamOptions {
  socket: Socket
  person: Person
  params?: Record<string, string>
  /** `after` is the client's `Last-Event-ID` or `?after=`. */
  from: From
  summary?: Summary
  /** Called once, when it is over, whoever ended it. */
  ended?(): void
}

// `bye` is the protocol's word, `close` the stream's.
const asEvent = ({ type, seq, text }: Message) => {
  const id = seq === undefined ? '' : `id: ${seq}\n`
  const data = text.replace(/\r\n|\r|\n/g, '\ndata: ')
  if (type !== 'bye') return Buffer.from(`${id}event: ${type}\ndata: ${data}\n\n`)
  const { payload } = JSON.parse(text) as { payload: { retryAfter?: number } }
  const retry = payload.retryAfter === undefined ? '' : `retry: ${payload.retryAfter}\n`
  return Buffer.from(`${retry}event: close\ndata: ${data}\n\n`)
}

const outlets = openOutlets(asEvent)

/** Where a stream is written to. */
export interface Out {
  write(data: Buffer): void
  /** Bytes that were written and not yet taken by the client's connection. */
  unsent(): number
  /** Bytes that it took: grows as long as the client reads. */
  taken(): number
  end(): void
  /** Ends it without what was not taken. */
  abort(why: Error): void
}

/** An answer of server-sent events that begins when it is opened, on whatever carries it. */
export interface EventStream {
  /** Begins, once; the function is to be called when the client is gone. */
  open(out: Out): () => void
}

export const eventStreamHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
}

/**
 * The same connection as a stream of server-sent events: `id:` is the seq. The client cannot speak, so the stream
 * resumes by itself, and ends when the token's time is over. Whoever called it has signed the person in.
 */
export const streamOf = (
  parts: ConnectionParts,
  { from, summary, params = {}, ended, ...what }: StreamOptions,
): EventStream => ({
  open: (out) => {
    const { timing } = parts
    let over = false
    let callOff = () => undefined as void
    const end = () => {
      if (over) return
      over = true
      callOff()
      ended?.()
    }
    const outlet: Outlet = {
      waiting: undefined,
      write: (data) => {
        if (!over) out.write(data)
      },
    }
    const wire: Wire = {
      oneWay: true,
      send: (message) => {
        outlets.send(outlet, message)
        if (message.seq !== undefined) sumUp()
      },
      unsent: () => out.unsent() + (outlet.waiting?.bytes ?? 0),
      taken: out.taken,
      close: () => {
        outlets.flush(outlet)
        end()
        out.end()
        // What a client that does not read never takes is not kept for it.
        timing.after(lingerMs, () => out.abort(new Error('the client does not read')))
      },
    }
    const beat = () => {
      callOff = timing.after(heartbeatMs, () => {
        wire.send(control('heartbeat', {}))
        beat()
      })
    }
    // One reading at a time; what is sent meanwhile has it read once more.
    let reading = false
    let due = false
    const sumUp = (ms = summaryMs) => {
      due = true
      if (!summary || reading || over) return
      reading = true
      timing.after(ms, async () => {
        due = false
        const payload = over
          ? undefined
          : await summary.read().catch((error: unknown) => {
              parts.warn('a summary could not be read', { type: summary.type, err: error })
              due = true
            })
        reading = false
        if (over) return
        if (payload) wire.send(control(summary.type, payload))
        if (due) sumUp(payload ? summaryMs : summaryAgainMs)
      })
    }
    outlet.write(Buffer.from(`retry: ${Math.round(retryMs.least + timing.random() * retryMs.spread)}\n\n`))
    beat()
    const connection = connect(parts, { ...what, params, wire })
    connection.receive(JSON.stringify({ type: 'resume', payload: from }))
    return () => {
      end()
      connection.gone()
    }
  },
})
