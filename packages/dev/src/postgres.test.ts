import { spawn } from 'node:child_process'
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import pg from 'pg'
import { afterEach, expect, test } from 'vitest'
import { gone, isAlive } from './alive.ts'
import { asAdministrator, createDatabases, urlOf } from './databases.ts'
import { isOpen } from './postgres-binaries.ts'
import { removePostgres } from './postgres-data.ts'
import { startPostgres } from './postgres.ts'

const stops: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop()
})
const folder = async () => {
  const dir = await mkdtemp(join(tmpdir(), 'pg-'))
  stops.push(() => rm(dir, { recursive: true, force: true }))
  return join(dir, 'data')
}
const started = async (dir: string) => {
  const server = await startPostgres({ dir, durable: false })
  stops.push(server.stop)
  return server
}
const select = (url: string, text: string) =>
  asAdministrator(url, async (client) => (await client.query<Record<string, unknown>>(text)).rows)
const pidIn = async (dir: string) => Number((await readFile(join(dir, 'postmaster.pid'), 'utf8')).split('\n')[0])

// A run of its own, in another process: writes its URL, then stays until it is killed.
const otherRun = async (dir: string, options: { uid?: number; gid?: number; env?: NodeJS.ProcessEnv } = {}) => {
  const script = `import { startPostgres } from ${JSON.stringify(join(import.meta.dirname, 'postgres.ts'))}
    const { url } = await startPostgres({ dir: process.argv[1], durable: true }); console.log(url)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, dir], {
    ...options,
    cwd: '/',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let errors = ''
  child.stderr.on('data', (chunk) => (errors += String(chunk)))
  const exited = new Promise((resolve) => child.once('exit', resolve))
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve)
    void exited.then(() => reject(new Error(errors)))
  })
  const kill = async () => {
    child.kill('SIGKILL')
    await exited
  }
  stops.push(kill)
  return { url, kill }
}

test('a killed run takes its server with it; a start right after it, or over a server that still runs, keeps the data', async () => {
  const dir = await folder()
  const run = await otherRun(dir)
  const left = await pidIn(dir)
  await select(run.url, 'create table kept as select 1 as one')
  await run.kill()
  expect(await gone(left, 10_000)).toBe(true)
  const again = await otherRun(dir)
  await select(again.url, 'insert into kept values (2)')
  await again.kill()
  const second = await started(dir)
  await select(second.url, 'insert into kept values (3)')
  const third = await started(dir)
  await second.ended
  expect(await select(third.url, 'select one from kept order by 1')).toEqual([{ one: 1 }, { one: 2 }, { one: 3 }])
})

test('half a cluster of a first start that was killed, and a number that went to another program, are no hindrance', async () => {
  const dir = await folder()
  await mkdir(`${dir}.new`, { recursive: true })
  await writeFile(join(`${dir}.new`, 'PG_VERSION'), '17\n')
  const first = await started(dir)
  const text = await readFile(join(dir, 'postmaster.pid'), 'utf8')
  await first.stop()
  await writeFile(join(dir, 'postmaster.pid'), text.replace(/^\d+/, String(process.pid)))
  const second = await started(dir)
  expect(await select(second.url, 'select 1 as one')).toEqual([{ one: 1 }])
  await removePostgres(dir)
  await second.ended
  expect(isAlive(process.pid)).toBe(true)
})

const mayBeOthers = process.getuid?.() === 0 && isOpen(process.execPath) && isOpen(import.meta.dirname)

test.runIf(mayBeOthers)('it starts for a user who is not root, and again for root over the same data', async () => {
  const dir = await folder()
  await chmod(join(dir, '..'), 0o755)
  await chown(join(dir, '..'), 65534, 65534)
  const run = await otherRun(dir, { uid: 65534, gid: 65534 })
  await select(run.url, 'create table kept as select 1 as one')
  await run.kill()
  expect(await select((await started(dir)).url, 'select one from kept')).toEqual([{ one: 1 }])
})

test.runIf(mayBeOthers)('for root where user namespaces are not to be had, also in a folder of its own', async () => {
  const dir = await folder()
  stops.push(() => removePostgres(dir))
  // No `unshare` there.
  const env = { ...process.env, PATH: '/nowhere' }
  const run = await otherRun(dir, { env })
  await select(run.url, 'create table kept as select 1 as one')
  await run.kill()
  expect(await select((await otherRun(dir, { env })).url, 'select one from kept')).toEqual([{ one: 1 }])
})

test('it speaks UTF-8 and UTC, compares by bytes, and has trigrams; each role reaches its own database and no other', async () => {
  const { url } = await started(await folder())
  await select(url, 'create extension pg_trgm')
  const [row] = await select(
    url,
    `select current_setting('server_encoding') as encoding, current_setting('timezone') as zone,
       version() as version, upper('ä한') as upper, 'Z' < 'a' as bytes`,
  )
  expect(row).toEqual({
    encoding: 'UTF8',
    zone: 'UTC',
    upper: 'Ä한',
    bytes: true,
    version: expect.stringContaining('PostgreSQL 17'),
  })

  const urls = await createDatabases(url)
  // As a start that was killed may leave it.
  await select(url, 'grant all on database user_db to public')
  expect(await createDatabases(url)).toEqual(urls)
  expect(
    await select(
      urls.board!,
      `select current_database() as name, current_setting('lock_timeout') as lock,
         current_setting('idle_in_transaction_session_timeout') as idle, current_setting('transaction_timeout') as most`,
    ),
  ).toEqual([{ name: 'board_db', lock: '2s', idle: '5s', most: '10s' }])
  const board = new URL(url)
  board.pathname = '/board_db'
  await select(board.href, 'create extension pg_trgm')
  expect(await select(board.href, `select show_trgm('한국') <> '{}' as korean, 'Z' < 'a' as bytes`)).toEqual([
    { korean: true, bytes: true },
  ])
  for (const database of ['user_db', 'chat_db', 'noti_db', 'storage_db']) {
    const foreign = new pg.Client({ connectionString: urlOf(url, 'board', database) })
    foreign.on('error', () => undefined)
    await expect(foreign.connect()).rejects.toThrow(`permission denied for database "${database}"`)
  }
  expect(await select(urls.ops!, 'select current_user as me, current_database() as name')).toEqual([
    { me: 'wealist_ops', name: 'user_db' },
  ])
  await expect(select(urls.ops!, 'create table mine (id int)')).rejects.toThrow('permission denied')
})

test('an administrator who is no superuser, as managed databases have, can make the databases', async () => {
  const { url } = await started(await folder())
  await select(url, `create role manager login password 'manager' createdb createrole`)
  const manager = new URL(url)
  manager.username = manager.password = 'manager'
  const urls = await createDatabases(manager.href)
  expect(await createDatabases(manager.href)).toEqual(urls)
  expect(await select(urls.chat!, 'select current_user as me')).toEqual([{ me: 'wealist_chat' }])
})
