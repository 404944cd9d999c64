import { connect, type Socket } from 'node:net'
import { freePort } from '@wealist/dev/ports'
import { type ChatService, chatService } from '@wealist/dev/testing/chat-service'
import { type Pod, startPod } from '@wealist/dev/testing/pods'
import { newId } from '@wealist/kit/ids'
import { afterAll, beforeAll, expect, test } from 'vitest'

const megabyte = 1024 * 1024
let service: ChatService
let pod: Pod
let url: URL
let metrics: string

beforeAll(async () => {
  service = await chatService()
  const metricsPort = await freePort()
  pod = await startPod('chat', service.running.base.config, { METRICS_PORT: String(metricsPort) })
  url = new URL(pod.url)
  metrics = `http://127.0.0.1:${metricsPort}/metrics`
}, 60_000)
afterAll(async () => {
  pod.stop()
  await service.stop()
})

const figure = async (name: string) =>
  Number(new RegExp(`^${name}(?:\\{.*?\\})? (\\S+)$`, 'm').exec(await (await fetch(metrics)).text())?.[1])

/** A WebSocket that says `resume` and then never reads a byte. */
const deaf = (person: { id: string; name: string }, room: string) =>
  new Promise<Socket>((resolve) => {
    const socket = connect(Number(url.port), url.hostname, () => {
      const headers = Object.entries(service.headersOf(person)).map(([name, value]) => `${name}: ${value}\r\n`)
      socket.write(
        `GET /api/chats/ws/${room} HTTP/1.1\r\nhost: chat\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: ${Buffer.alloc(16).toString('base64')}\r\n${headers.join('')}\r\n`,
      )
      const resume = Buffer.from('{"type":"resume","payload":{}}')
      socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | resume.length, 0, 0, 0, 0]), resume]))
      socket.pause()
      resolve(socket)
    })
    socket.on('error', () => undefined)
  })

test('a socket that never reads is closed, the process holds little for it, and a hundred others hear in time', async () => {
  const people = Array.from({ length: 100 }, (_, n) => ({ id: newId(), name: `P${n}` }))
  for (const { id } of people) await service.setMember(id, 'member')
  const { id: room } = await service.group([...people.map((p) => p.id), service.people.bob.id])
  const late: number[] = []
  let heard = 0
  const sockets = await Promise.all(
    people.map(
      (person) =>
        new Promise<WebSocket>((resolve) => {
          const path = `${url.href.replace('http', 'ws')}api/chats/ws/${room}`
          const socket = new WebSocket(path, { headers: service.headersOf(person) } as never)
          socket.addEventListener('open', () => socket.send('{"type":"resume","payload":{}}'))
          socket.addEventListener('message', ({ data }) => {
            const text = String(data)
            if (text.startsWith('{"type":"ready"')) resolve(socket)
            if (!text.startsWith('{"type":"message",')) return
            heard++
            const at = text.indexOf('"content":"') + 11
            late.push(Date.now() - Number(text.slice(at, at + 13)))
          })
        }),
    ),
  )
  const slow = await deaf(service.people.bob, room)
  await new Promise((resolve) => setTimeout(resolve, 500))
  const before = await figure('process_resident_memory_bytes')
  let most = before
  const padding = 'x'.repeat(7900)
  const count = 900
  for (let sent = 0; sent < count; sent += 10) {
    await Promise.all(
      Array.from({ length: 10 }, () => service.say(service.people.alice, room, `${Date.now()} ${padding}`)),
    )
    if (sent % 50 === 0) most = Math.max(most, await figure('process_resident_memory_bytes'))
  }
  await expect.poll(() => heard, { timeout: 20_000 }).toBe(count * people.length)
  await expect.poll(() => figure('live_slow_closed_total'), { timeout: 15_000, interval: 200 }).toBe(1)
  most = Math.max(most, await figure('process_resident_memory_bytes'))
  const p99 = late.toSorted((a, b) => a - b)[Math.floor(late.length * 0.99)]!
  console.log(
    `${count} messages of 8 KB to 100 sockets: p99 ${p99} ms, ${Math.round((most - before) / megabyte)} MB more memory`,
  )
  expect((most - before) / megabyte).toBeLessThan(100)
  expect(p99).toBeLessThan(1000)
  slow.destroy()
  for (const socket of sockets) socket.close()
}, 120_000)
