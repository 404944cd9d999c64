import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, expect, test } from 'vitest'
import { asAdministrator, createDatabases, urlOf } from './databases.ts'
import { startPostgres } from './postgres.ts'

const dirs: string[] = []
const folder = async () => {
  const dir = await mkdtemp(join(tmpdir(), 'wealist-pg-'))
  dirs.push(dir)
  return join(dir, 'data')
}
afterEach(async () => {
  for (const dir of dirs.splice(0)) await rm(dir, { recursive: true, force: true })
})
const select = (url: string, text: string) =>
  asAdministrator(url, async (client) => (await client.query<Record<string, unknown>>(text)).rows)

test('what was committed before a kill is there after the next start, which takes the server over', async () => {
  const dir = await folder()
  const script = `import { startPostgres } from ${JSON.stringify(join(import.meta.dirname, 'postgres.ts'))}
    const { url } = await startPostgres({ dir: process.argv[1], durable: true }); console.log(url)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const url = await new Promise<string>((resolve) => child.stdout.once('data', (line) => resolve(String(line).trim())))
  await select(url, 'create table kept as select 1 as one')
  child.kill('SIGKILL')
  await new Promise((resolve) => child.once('exit', resolve))
  const again = await startPostgres({ dir, durable: true })
  expect(await select(again.url, 'select one from kept')).toEqual([{ one: 1 }])
  const pid = Number((await readFile(join(dir, 'postmaster.pid'), 'utf8')).split('\n')[0])
  await again.stop()
  expect(() => process.kill(pid, 0)).toThrow('ESRCH')
})

test('it speaks UTF-8, UTC, compares by bytes where asked, and has trigrams', async () => {
  const server = await startPostgres({ dir: await folder(), durable: false })
  try {
    await select(server.url, 'create extension pg_trgm')
    const [row] = await select(
      server.url,
      `select current_setting('server_encoding') as encoding, current_setting('timezone') as zone, version() as version, upper('ä한') as upper`,
    )
    expect(row).toMatchObject({
      encoding: 'UTF8',
      zone: 'UTC',
      upper: 'Ä한',
      version: expect.stringContaining('PostgreSQL 17'),
    })
  } finally {
    await server.stop()
  }
})

test('a role reaches its own database and no other, with bounded waits; making them twice changes nothing', async () => {
  const server = await startPostgres({ dir: await folder(), durable: false })
  try {
    const urls = await createDatabases(server.url)
    expect(await createDatabases(server.url)).toEqual(urls)
    expect(
      await select(
        urls.board!,
        `select current_setting('lock_timeout') as lock, current_setting('transaction_timeout') as most`,
      ),
    ).toEqual([{ lock: '2s', most: '10s' }])
    const foreign = new pg.Client({ connectionString: urlOf(server.url, 'board', 'user_db') })
    await expect(foreign.connect()).rejects.toThrow('permission denied for database "user_db"')
    await foreign.end().catch(() => undefined)
    expect(await select(urls.ops!, 'select current_user as me')).toEqual([{ me: 'wealist_ops' }])
    await expect(select(urls.ops!, 'create table mine (id int)')).rejects.toThrow('permission denied')
  } finally {
    await server.stop()
  }
})
