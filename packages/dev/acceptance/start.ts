// `npm start` as a newcomer meets it: from nothing, twice at once, killed, warm, blocked, a process a service.
//   npm run acceptance          (on data of its own: what lies in .wealist stays)
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../../..')
const home = mkdtempSync(join(tmpdir(), 'wealist-acceptance-'))
// PostgreSQL may have to run as another user, who comes through here.
chmodSync(home, 0o755)
const data = join(home, 'data')
const results: string[] = []
const passed = (what: string) => {
  results.push(what)
  console.log(`✓ ${what}`)
}

interface Started {
  child: ChildProcess
  output(): string
  exited: Promise<number | null>
  ms: number
}

const start = async (...flags: string[]): Promise<Started> => startWith({}, ...flags)
const startWith = async (env: NodeJS.ProcessEnv, ...flags: string[]): Promise<Started> => {
  const began = performance.now()
  const child: ChildProcess = spawn(process.execPath, ['packages/dev/src/start.ts', ...flags], {
    cwd: root,
    env: { ...process.env, WEALIST_DATA: data, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  // A check that fails leaves nothing running.
  process.once('exit', () => child.kill('SIGTERM'))
  let output = ''
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk) => (output += String(chunk)))
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  let ended = false
  void exited.then(() => (ended = true))
  while (!output.includes('Ctrl-C stops everything') && !ended) {
    assert.ok(performance.now() - began < 60_000, `not started within a minute:\n${output}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return { child, output: () => output, exited, ms: Math.round(performance.now() - began) }
}
const stop = async ({ child, exited }: Started, signal: NodeJS.Signals = 'SIGINT') => {
  const began = performance.now()
  child.kill(signal)
  const code = await exited
  return { code, ms: Math.round(performance.now() - began) }
}
const client = async (env: NodeJS.ProcessEnv = {}) => {
  const child = spawn(process.execPath, [join(root, 'packages/dev/acceptance/client.ts')], {
    stdio: 'inherit',
    env: { ...process.env, ...env },
  })
  assert.equal(await new Promise((resolve) => child.once('exit', resolve)), 0)
}
const tasksOfAlice = async () => {
  const api = async (path: string, init: RequestInit = {}) =>
    (await fetch(`http://localhost:8088/api/svc/${path}`, init)).json() as Promise<any>
  const { accessToken } = await api('auth/api/auth/login', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: 'alice@example.com', password: 'alice-in-wealist' }),
  })
  const headers = { authorization: `Bearer ${accessToken}` }
  const { items: workspaces } = await api('user/api/workspaces', { headers })
  const { items: projects } = await api(`board/api/projects?workspaceId=${workspaces[0].id}`, { headers })
  const { boards } = await api(`board/api/projects/${projects[0].id}`, { headers })
  return {
    workspaces: workspaces.length,
    projects: projects.length,
    tasks: (await api(`board/api/boards/${boards[0].id}/tasks`, { headers })).items.length,
  }
}

const cold = await start('--fresh')
assert.match(cold.output(), /alice@example\.com/)
assert.ok(cold.ms <= 15_000, `from nothing took ${cold.ms} ms`)
passed(`from nothing in ${cold.ms} ms (≤ 15,000)`)
await client()
passed('a real client signs up, works and misses nothing')
assert.deepEqual(await tasksOfAlice(), { workspaces: 1, projects: 1, tasks: 3 })

const second = await start()
assert.equal(await second.exited, 1)
assert.match(second.output(), /running already \(pid \d+\)/)
passed('a second start says that one is running')

process.kill(Number(readFileSync(join(data, 'lock'), 'utf8')), 'SIGKILL')
await cold.exited
const warm = await start()
assert.ok(warm.ms <= 5000, `warm took ${warm.ms} ms`)
assert.deepEqual(await tasksOfAlice(), { workspaces: 1, projects: 1, tasks: 3 })
passed(`after a kill, warm, in ${warm.ms} ms (≤ 5,000), with everything that was there`)

const stopped = await stop(warm)
assert.equal(stopped.code, 0)
assert.ok(stopped.ms < 10_000)
passed(`Ctrl-C stops everything in ${stopped.ms} ms`)

const blocker = createServer()
await new Promise<void>((resolve) => blocker.listen(8001, resolve))
const blocked = await start()
assert.equal(await blocked.exited, 1)
assert.match(blocked.output(), /port 8001, for chat, is taken by/)
assert.match(blocked.output(), /npm start again/)
blocker.close()
passed('a port that is taken is named, with who holds it and what to do')

writeFileSync(join(home, 'file'), '')
const nowhere = await startWith({ WEALIST_DATA: join(home, 'file', 'data') })
assert.equal(await nowhere.exited, 1)
assert.match(nowhere.output(), /Nothing can be written into .*data \(ENOTDIR\)[^]*WEALIST_DATA/)
passed('a folder that cannot be written is named, with what to do')

const version = join(data, 'postgres/PG_VERSION')
writeFileSync(version, '16\n')
const old = await start()
assert.equal(await old.exited, 1)
assert.match(old.output(), /version 16[^]*npm start -- --fresh/)
writeFileSync(version, '17\n')
passed('data of another PostgreSQL are left alone, and how to begin anew is said')

rmSync(join(data, 'services.log'))
mkdirSync(join(data, 'services.log'))
const many = await start('--processes')
assert.match(many.output(), /nothing is logged any more/)
await client()
passed(`a process a service in ${many.ms} ms, and the same client, also where no log can be written`)

await stop(many, 'SIGKILL')
const after = await start()
assert.match(after.output(), /Ctrl-C stops everything/)
assert.equal((await stop(after, 'SIGTERM')).code, 0)
passed('a kill takes them all along: the next start finds its ports free')
const functions = await startWith({ SCHEDULE_SECONDS: '1' }, '--lambda')
await client({ BOUND_MS: '5000' })
assert.equal((await stop(functions)).code, 0)
const bundles = readdirSync(join(root, 'node_modules/.cache/wealist-lambda'))
assert.deepEqual(
  bundles.filter((name) => name.startsWith(`${functions.child.pid}-`)),
  [],
)
passed(`as functions of Lambda in ${functions.ms} ms, and the same client; nothing of the bundles is left`)
rmSync(home, { recursive: true, force: true })
console.log(`${results.length} passed, 0 failed`)
process.exit(0)
