import { connect, type Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import * as bombs from './limits.bombs.ts'
import type { Outcome, Target } from './limits.attack.ts'

const [name, text] = process.argv.slice(2) as [AttackName, string]
const target = JSON.parse(text) as Target
const outcome: Outcome = { answers: {}, longest: 0, sent: 0, left: 0 }
let over = false

/** One connection: what it says, then what it does until it is closed. */
const connection = async (say: (socket: Socket, closed: () => boolean) => unknown, most = 120_000) => {
  const socket = connect({ host: target.host, port: target.port, noDelay: true })
  const begun = Date.now()
  let answer = ''
  let closed = false
  outcome.left++
  socket.on('data', (data) => {
    if (answer.length < 16) answer += data.toString('latin1')
  })
  socket.on('error', () => undefined)
  const ended = new Promise<void>((resolve) =>
    socket.on('close', () => {
      closed = true
      resolve()
    }),
  )
  socket.on('connect', () => void say(socket, () => closed))
  const late = new AbortController()
  await Promise.race([ended, setTimeout(most, undefined, { signal: late.signal }).catch(() => undefined)])
  late.abort()
  if (!closed) socket.destroy()
  outcome.left--
  outcome.longest = Math.max(outcome.longest, Date.now() - begun)
  outcome.sent = Math.max(outcome.sent, socket.bytesWritten)
  const status = /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? (answer ? 'other' : 'closed')
  outcome.answers[status] = (outcome.answers[status] ?? 0) + 1
}

const writeSlowly = (beginning: string, piece: string) => async (socket: Socket, closed: () => boolean) => {
  socket.write(beginning)
  for (let i = 0; !closed(); i++) {
    await setTimeout(1000)
    if (!closed()) socket.write(piece[i % piece.length]!)
  }
}

const writeFast =
  (beginning: string, piece: Buffer, times: number) => async (socket: Socket, closed: () => boolean) => {
    socket.write(beginning)
    for (let i = 0; i < times && !closed(); i++)
      if (!socket.write(piece)) await Promise.race([once(socket, 'drain'), setTimeout(1000)])
  }
const once = (socket: Socket, event: string) => new Promise<void>((resolve) => socket.once(event, resolve))

const head = (method: string, path: string, more: Record<string, string> = {}) =>
  `${[`${method} ${path} HTTP/1.1`, 'host: x', ...Object.entries({ ...target.headers, ...more }).map(([k, v]) => `${k}: ${v}`)].join('\r\n')}\r\n`
const json = { 'content-type': 'application/json' }
const posted = (body: string) =>
  `${head('POST', '/api/projects', { ...json, 'content-length': String(Buffer.byteLength(body)), connection: 'close' })}\r\n${body}`
const got = (path: string, more = '') => `${head('GET', path, { connection: 'close' })}${more}\r\n`

/** So many of these, 500 a second, and none again when they are gone. */
const hold = (say: Parameters<typeof connection>[0]) => async () => {
  for (let i = 0; i < target.sockets; i++) {
    void connection(say)
    if (i % 50 === 49) await setTimeout(100)
  }
}
/** A few at a time, again and again. */
const repeat =
  (lanes: number, say: (i: number) => Parameters<typeof connection>[0], pause = 2) =>
  async () => {
    let i = 0
    for (let lane = 0; lane < lanes; lane++)
      void (async () => {
        while (!over) {
          await connection(say(i++))
          await setTimeout(pause)
        }
      })()
  }
const says = (texts: readonly string[]) => (i: number) => (socket: Socket) => socket.write(texts[i % texts.length]!)

const megabyte = Buffer.alloc(1024 * 1024, 'x')
const gigabyte = 1024
const search = `/api/projects/${target.project}/tasks?`
const upgrade = (path: string) =>
  `${head('GET', path, { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' })}`
const socketOf = `${upgrade(`/ws/project/${target.project}`)}\r\n`
const chunk = Buffer.concat([Buffer.from('100000\r\n'), megabyte, Buffer.from('\r\n')])

const attacks = {
  'says nothing': hold(() => undefined),
  'a byte of a header a second': hold(writeSlowly(head('GET', '/api/projects'), 'x')),
  'a byte of a body a second': hold(
    writeSlowly(`${head('POST', '/api/projects', { ...json, 'content-length': '1000' })}\r\n`, ' '),
  ),
  'an upgrade that never ends': hold((socket) => socket.write(upgrade(`/ws/project/${target.project}`))),
  'a body of 1 GB': repeat(4, () =>
    writeFast(
      `${head('POST', '/api/projects', { ...json, 'content-length': String(gigabyte * megabyte.length) })}\r\n`,
      megabyte,
      gigabyte,
    ),
  ),
  'a body of 1 GB in chunks': repeat(4, () =>
    writeFast(`${head('POST', '/api/projects', { ...json, 'transfer-encoding': 'chunked' })}\r\n`, chunk, gigabyte),
  ),
  'bombs of JSON': repeat(2, says(bombs.json.map(posted))),
  'patterns in a search': repeat(2, says(bombs.patterns.map((q) => got(`${search}q=${encodeURIComponent(q)}`)))),
  'floods of headers': repeat(
    2,
    says([
      ...bombs.headers.map((more) => got(search, more)),
      ...bombs.queries.map((q) => got(search + q)),
      got(`/${'a'.repeat(100_000)}`),
    ]),
  ),
  'frames as fast as it can': repeat(2, () => writeFast(socketOf, bombs.frames(1, '{"type":"ping"}', 4000), 100_000)),
  'frames of 1 MB': repeat(2, () => writeFast(socketOf, bombs.frames(1, 'x'.repeat(1024 * 1024), 1), 100)),
  'pings as fast as it can': repeat(2, () => writeFast(socketOf, bombs.frames(9, 'x', 4000), 100_000)),
  // Nobody's requests, on ten connections a second: what a person may spend in a burst is for the limit by person, and
  // how often an address may connect is for the mesh.
  'requests whose answers nobody reads': repeat(
    1,
    () => (socket, closed) => {
      socket.pause()
      return writeFast('', Buffer.from(`GET ${search} HTTP/1.1\r\nhost: x\r\n\r\n`.repeat(500)), 10_000)(socket, closed)
    },
    100,
  ),
} satisfies Record<string, () => Promise<void>>
export type AttackName = keyof typeof attacks

// What is open may still be refused, for as long as the message says.
process.on('message', async (ms: number) => {
  over = true
  for (const late = Date.now() + ms; outcome.left > 0 && Date.now() < late;) await setTimeout(20)
  process.send!(outcome)
})
process.on('disconnect', () => process.exit())
await attacks[name]()
process.send!('begun')
