import type { Person } from '../actor.ts'
import { connect, type ConnectionParts, type Wire } from './connection.ts'
import { control, encodedBy, type Message } from './message.ts'
import type { Socket } from './socket.ts'

const heartbeatMs = 25_000
/** Milliseconds a client waits before it comes back, spread so that not all come at once. */
const retryMs = { least: 1000, spread: 4000 }

// `bye` is the protocol's word, `close` the stream's.
const asEvent = ({ type, seq, text }: Message) => {
  const id = seq === undefined ? '' : `id: ${seq}\n`
  const data = text.replace(/\r\n|\r|\n/g, '\ndata: ')
  return Buffer.from(`${id}event: ${type === 'bye' ? 'close' : type}\ndata: ${data}\n\n`)
}

/**
 * The same connection as a stream of server-sent events: `id:` is the seq, `from.after` the client's `Last-Event-ID` or
 * `?after=`. The client cannot speak, so the stream resumes by itself, and ends when the token's time is over. Whoever
 * called it has signed the person in.
 */
export const streamOf = (
  parts: ConnectionParts,
  { from, ...what }: { socket: Socket; person: Person; params: Record<string, string>; from: { after?: number } },
): Response => {
  const { timing } = parts
  const queued = new ByteLengthQueuingStrategy({ highWaterMark: 0 })
  let written = 0
  let callOff = () => undefined as void
  let connection: ReturnType<typeof connect> | undefined
  const body = new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        const enqueue = (data: Buffer) => {
          written += data.length
          controller.enqueue(data)
        }
        const unsent = () => Math.max(0, -(controller.desiredSize ?? 0))
        const wire: Wire = {
          oneWay: true,
          send: (message) => enqueue(encodedBy(asEvent, message)),
          unsent,
          taken: () => written - unsent(),
          close: () => {
            callOff()
            controller.close()
          },
        }
        const beat = () => {
          callOff = timing.after(heartbeatMs, () => {
            wire.send(control('heartbeat', {}))
            beat()
          })
        }
        enqueue(Buffer.from(`retry: ${Math.round(retryMs.least + timing.random() * retryMs.spread)}\n\n`))
        beat()
        connection = connect(parts, { ...what, wire })
        connection.receive(JSON.stringify({ type: 'resume', payload: from }))
      },
      cancel: () => {
        callOff()
        connection?.gone()
      },
    },
    queued,
  )
  return new Response(body, {
    headers: {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    },
  })
}
