import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { cloneDatabase, type TestDatabase } from '@wealist/dev/testing/clone'
import { testLog } from '@wealist/dev/testing/log'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Db, openDb } from './db.ts'
import { openSession, type Session, space } from './jobs.locks.ts'
import { sql } from './sql.ts'

const log = testLog()
const last: (() => unknown)[] = []
let database: TestDatabase
let db: Db

beforeAll(async () => {
  database = await cloneDatabase('chat', undefined)
  db = openDb({ url: database.url, max: 5, log })
})
afterEach(async () => {
  for (const act of last.splice(0).toReversed()) await act()
})
afterAll(async () => {
  await db.close()
  await database.drop()
})

const listen = async (server: Server) => {
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => sockets.add(socket.on('error', () => undefined)))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  last.push(
    () => server.close(),
    () => sockets.forEach((socket) => socket.destroy()),
  )
  const url = new URL(database.url)
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return url.href
}

// A way to PostgreSQL on which what is open can die so that the client hears nothing, and PostgreSQL only when told.
const startMuteLine = async () => {
  const target = new URL(database.url)
  const mutes: ((isServerTold: boolean) => void)[] = []
  const server = createServer({ allowHalfOpen: true }, (from) => {
    const there = connect(Number(target.port), target.hostname).on('error', () => undefined)
    from.pipe(there).pipe(from)
    last.push(() => there.destroy())
    mutes.push((isServerTold) => {
      from.unpipe().resume()
      there.unpipe().resume()
      if (isServerTold) there.destroy()
    })
  })
  const url = await listen(server)
  return { url, mute: (isServerTold: boolean) => mutes.splice(0).forEach((mute) => mute(isServerTold)) }
}

const begin = (options: { url: string; id: string; beat?: number; silence?: number }) => {
  const session = openSession({ ...options, log, id: () => options.id })
  last.push(() => session.close())
  return session
}
const isHeld = (session: Session) => Promise.race([session.held().then(() => true), pause(20, false)])
const holders = async (id: string) =>
  (
    await db.rows<{ pid: number }>(sql`select pid from pg_locks
      where locktype = 'advisory' and classid = ${space} and objid = hashtext(${id})::oid and granted`)
  ).map((row) => row.pid)
const poll = { timeout: 20_000 }

test('a session that PostgreSQL ended unheard closes the gate, until it has the lock again', async () => {
  const line = await startMuteLine()
  const session = begin({ url: line.url, id: 'unheard', beat: 50, silence: 1000 })
  await session.held()
  const other = await db.pool.connect()
  const next = other.query('select pg_advisory_lock($1, hashtext($2))', [space, 'unheard'])
  line.mute(true)
  await next
  await expect.poll(() => isHeld(session), poll).toBe(false)
  await other.query('select pg_advisory_unlock_all()')
  other.release()
  await expect.poll(() => isHeld(session), poll).toBe(true)
  expect(await holders('unheard')).toHaveLength(1)
})

test('a session whose end PostgreSQL has not heard of does not keep the lock from the one after it', async () => {
  const line = await startMuteLine()
  const session = begin({ url: line.url, id: 'forgotten', beat: 50, silence: 1000 })
  await session.held()
  const before = await holders('forgotten')
  line.mute(false)
  await expect.poll(() => holders('forgotten'), poll).not.toEqual(before)
  await expect.poll(() => isHeld(session), poll).toBe(true)
  expect(await holders('forgotten')).toHaveLength(1)
})

test('a session that answers is kept', async () => {
  const session = begin({ url: database.url, id: 'kept', beat: 50, silence: 5000 })
  await session.held()
  const before = await holders('kept')
  await pause(500)
  expect(await holders('kept')).toEqual(before)
  expect(await isHeld(session)).toBe(true)
})

test('a session that is closed while it connects ends', async () => {
  const server = createServer()
  const url = await listen(server)
  const session = begin({ url, id: 'connecting' })
  await once(server, 'connection')
  await expect(session.close()).resolves.toBeUndefined()
  for (const ms of [0, 1, 2, 4, 8]) {
    const soon = begin({ url: database.url, id: 'soon' })
    await pause(ms)
    await expect(soon.close()).resolves.toBeUndefined()
  }
})

test('a session on a dead line can be closed', async () => {
  const line = await startMuteLine()
  const session = begin({ url: line.url, id: 'dead line' })
  await session.held()
  line.mute(false)
  await expect(session.close()).resolves.toBeUndefined()
})
