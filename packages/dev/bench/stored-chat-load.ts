// People in rooms who say something as soon as somebody's last word is stored: what was stored, and when all had heard it.
import { json } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { newId } from '@wealist/kit/ids'
import { WebSocket } from 'ws'
import { stamp } from './listeners.ts'

export interface StoredChat {
  sockets: { url: string; headers: Record<string, string>; room: string }[]
  /** How many messages are under way at a time. */
  atOnce: number
  seconds: number
}

const { sockets, atOnce, seconds } = (await json(process.stdin)) as StoredChat
const late: number[] = []
const acks = new Map<string, () => void>()
let stored = 0
let counting = false
const hear = (text: string) => {
  const acked = /^\{"type":"ack".*"clientId":"([\w-]+)"/.exec(text)?.[1]
  if (acked) return acks.get(acked)?.()
  const at = /"content":"at (\d+)/.exec(text)?.[1]
  if (at && counting) late.push((stamp() - Number(at)) / 1000)
  if (text.startsWith('{"type":"error"')) throw new Error(text)
}
const open = await Promise.all(
  sockets.map(
    ({ url, headers }) =>
      new Promise<WebSocket>((resolve, reject) => {
        const socket = new WebSocket(url, { headers, perMessageDeflate: false, skipUTF8Validation: true })
        socket.on('open', () => socket.send('{"type":"resume","payload":{}}'))
        socket.on('message', (data: Buffer) => {
          const text = data.toString()
          if (text.includes('"type":"ready"')) resolve(socket)
          hear(text)
        })
        socket.on('error', reject)
        socket.on('close', () => reject(new Error('closed')))
      }),
  ),
)
let turn = 0
const until = performance.now() + 1000 + seconds * 1000
const talk = async () => {
  while (performance.now() < until) {
    const socket = open[turn++ % open.length]!
    const clientId = newId()
    const acked = new Promise<void>((resolve) => acks.set(clientId, resolve))
    const payload = { clientId, content: `at ${stamp()} and something that somebody says`, messageType: 'text' }
    socket.send(JSON.stringify({ type: 'message', payload }))
    await acked
    acks.delete(clientId)
    if (counting) stored++
  }
}
const talking = Array.from({ length: atOnce }, talk)
await setTimeout(1000)
counting = true
await Promise.all(talking)
await setTimeout(500)
const sorted = Float64Array.from(late).toSorted()
const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? 0
process.stdout.write(
  JSON.stringify({ requests: stored / seconds, heard: late.length / stored, p50: at(0.5), p99: at(0.99) }),
)
process.exit(0)
