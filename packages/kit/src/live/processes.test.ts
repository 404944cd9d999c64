import { type ChildProcess, spawn } from 'node:child_process'
import { on } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { call } from '@wealist/contract/call'
import { heard, level, testLog } from '@wealist/dev/testing/log'
import { oneService, type OneService } from '@wealist/dev/testing/one-service'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { openDb } from '../db.ts'
import { newId } from '../ids.ts'
import { sql } from '../sql.ts'
import { openCursor, type StreamFrame } from './cursor.ts'
import { change, rooms, state } from './live.fixture.ts'

// Three processes over real PostgreSQL and Redis, one of them killed again and again while people write and listen.
let service: OneService<object>
const processes: { child: ChildProcess; port: number }[] = []

const start = async () => {
  const { DATABASE_URL, REDIS_URL, REDIS_PREFIX } = service.running.base.config
  const child = spawn(process.execPath, [new URL('live.fixture.ts', import.meta.url).pathname], {
    env: {
      ...process.env,
      DATABASE_URL,
      REDIS_URL,
      REDIS_PREFIX,
      DATABASE_POOL: '4',
      PORT: '0',
      HOST: '127.0.0.1',
      AUTH_MODE: 'gateway',
      RATE_LIMIT: '0',
      LOG_LEVEL: level,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout! }).on('line', heard)
  for await (const [line] of on(lines, 'line', { signal: AbortSignal.timeout(20_000) }))
    if (/^\d+$/.test(String(line))) return { child, port: Number(line) }
  throw new Error('it ended before it was there')
}
const pick = () => processes[Math.floor(Math.random() * processes.length)]!.port

beforeAll(async () => {
  service = await oneService(rooms)
  processes.push(...(await Promise.all([start(), start(), start()])))
})
afterAll(async () => {
  for (const { child } of processes) child.kill('SIGKILL')
  await service.stop()
})

// A tab: state, socket and the client's rule, as the portal has them.
const tab = (room: string, faults: string[]) => {
  const who = { id: newId() }
  let things: Record<string, string> = {}
  let at: number | undefined
  let ws: WebSocket | undefined
  let over = false
  let reading = 0
  const read = async () => {
    const mine = ++reading
    for (;;) {
      try {
        const found = await call(
          state,
          { params: { id: room } },
          { base: `http://127.0.0.1:${pick()}`, headers: service.headersOf(who) },
        )
        if (mine !== reading) return
        things = { ...found.things }
        at = found.seq
        return cursor.startAt(found.seq)
      } catch {
        await setTimeout(100)
      }
    }
  }
  const cursor = openCursor<StreamFrame & { payload: { key: string; value: string } }>({
    apply: ({ seq, payload }) => {
      if (seq !== at! + 1) faults.push(`applied ${seq} after ${at}`)
      at = seq
      things[payload.key] = payload.value
    },
    resume: (from) => ws?.readyState === WebSocket.OPEN && ws.send(JSON.stringify({ type: 'resume', payload: from })),
    reset: () => void faults.push('was told to read anew'),
  })
  const open = () => {
    if (over) return
    const mine = (ws = new WebSocket(`ws://127.0.0.1:${pick()}/ws/rooms/${room}`, { headers: service.headersOf(who) }))
    mine.on('open', () => {
      cursor.open()
      if (at === undefined || Math.random() < 0.3) void read()
    })
    mine.on('message', (data) => mine === ws && cursor.frame(JSON.parse(String(data)) as StreamFrame))
    mine.on('error', () => undefined)
    mine.on('close', () => {
      if (mine !== ws) return
      cursor.closed()
      void setTimeout(Math.random() * 300).then(open)
    })
  }
  open()
  return {
    drop: () => ws?.terminate(),
    standing: () => ({ seq: at, things }),
    close: () => {
      over = true
      ws?.terminate()
    },
  }
}

test('killed processes, lost messages and broken lines: every client ends with what is stored, each seq once', async () => {
  const topics = [newId(), newId()]
  const faults: string[] = []
  const tabs = Array.from({ length: 12 }, (_, i) => ({ room: topics[i % 2]!, ...tab(topics[i % 2]!, faults) }))
  // What commits and is never published: the process died in between.
  const mute = openDb({
    url: service.running.base.config.DATABASE_URL!,
    max: 2,
    log: testLog(),
  })
  const until = Date.now() + 9000
  const room = () => topics[Math.floor(Math.random() * 2)]!
  const stored: { room: string; key: string; value: string }[] = []
  const writer = async (n: number) => {
    for (let i = 0; Date.now() < until; i++) {
      const to = room()
      // A key of its own each time, so that an answered write can be looked for.
      const body = { key: `${n}-${i}`, value: `${i}` }
      await call(
        change,
        { params: { id: to }, body },
        { base: `http://127.0.0.1:${pick()}`, headers: service.headersOf({ id: newId() }) },
      ).then(
        () => stored.push({ room: to, ...body }),
        () => undefined,
      )
      await setTimeout(Math.random() * 20)
    }
  }
  const unpublished = async () => {
    for (let i = 0; Date.now() < until; i++) {
      const to = room()
      await mute.tx(async (tx) => {
        const thing = await tx.row(
          sql`insert into things (room, key, value, version) values (${to}, ${`mute-${i}`}, 'x', 1) returning key, value, version`,
        )
        tx.emit(`room:${to}`, 'thing.changed', thing!)
      })
      await setTimeout(100)
    }
  }
  const killer = async () => {
    while (Date.now() < until) {
      await setTimeout(1000)
      const i = Math.floor(Math.random() * processes.length)
      processes[i]!.child.kill('SIGKILL')
      processes[i] = await start()
    }
  }
  const breaker = async () => {
    while (Date.now() < until) {
      await setTimeout(150)
      tabs[Math.floor(Math.random() * tabs.length)]!.drop()
    }
  }
  const deaf = async () => {
    while (Date.now() < until) {
      await setTimeout(2000)
      await service.running.base.redis.call('client', 'kill', 'type', 'pubsub').catch(() => undefined)
    }
  }
  await Promise.all([writer(1), writer(2), writer(3), unpublished(), killer(), breaker(), deaf()])
  await mute.close()

  for (const { room: id, standing } of tabs)
    await vi.waitFor(
      async () => {
        const found = await call(
          state,
          { params: { id } },
          { base: service.url, headers: service.headersOf({ id: newId() }) },
        )
        expect(standing()).toEqual({ seq: found.seq, things: found.things })
      },
      { timeout: 10_000, interval: 100 },
    )
  expect(faults).toEqual([])
  expect(stored.length).toBeGreaterThan(100)
  for (const { room: id, key, value } of stored)
    expect(tabs.find((t) => t.room === id)!.standing().things[key]).toBe(value)
  for (const { close } of tabs) close()
}, 60_000)
