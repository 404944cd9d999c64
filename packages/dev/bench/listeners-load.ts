// Thousands of clients in a process of their own: they count what they hear, and how long it was under way.
import { get } from 'node:http'
import { WebSocket } from 'ws'
import type { Heard, Listen } from './listeners.ts'

const heard = { count: 0, late: [] as number[] }
const now = () => Number(process.hrtime.bigint() / 1000n)

// Each message carries the time at which it was sent, in microseconds of a clock that all processes share.
const hear = (text: string) => {
  for (let at = text.indexOf('"at":'); at >= 0; at = text.indexOf('"at":', at + 5)) {
    heard.count++
    heard.late.push(now() - Number.parseInt(text.slice(at + 5, at + 22), 10))
  }
}

const opened = ({ url, headers, kind, first, beat }: Listen) =>
  new Promise<void>((resolve, reject) => {
    if (kind === 'stream') {
      const request = get(url, { headers, agent: false }, (response) => {
        if (response.statusCode !== 200) return reject(new Error(`${url} answered ${response.statusCode}`))
        response.setEncoding('utf8').on('data', hear)
        resolve()
      })
      request.on('error', reject)
      return
    }
    const socket = new WebSocket(url, { headers, perMessageDeflate: false, skipUTF8Validation: true })
    socket.on('error', reject)
    socket.on('open', () => {
      if (first) socket.send(first)
      // Who is silent for long is thought to be gone.
      if (beat) setInterval(() => socket.send(beat), 30_000)
      resolve()
    })
    socket.on('message', (data: Buffer) => {
      const text = data.toString()
      // Of socket.io: a question whether anybody is there.
      if (text === '2') return socket.send('3')
      hear(text)
    })
  })

// A bench that was stopped leaves no clients behind.
process.on('disconnect', () => process.exit())
process.on('message', async (asked: { open: Listen[] } | 'heard') => {
  if (asked === 'heard') {
    const sorted = Float64Array.from(heard.late).toSorted()
    const at = (share: number) => (sorted[Math.floor(sorted.length * share)] ?? 0) / 1000
    process.send!({ count: heard.count, p50: at(0.5), p99: at(0.99) } satisfies Heard)
    heard.count = 0
    heard.late = []
    return
  }
  const waiting = [...asked.open]
  const lane = async () => {
    for (let next = waiting.pop(); next; next = waiting.pop()) await opened(next)
  }
  await Promise.all(Array.from({ length: 50 }, lane)).then(
    () => process.send!('open'),
    (error: Error) => process.send!({ error: error.message }),
  )
})
