import { spawn } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { type Binaries, binaries } from './postgres-binaries.ts'
import { freePort } from './ports.ts'

export interface Postgres {
  /** An administrator's URL. */
  url: string
  port: number
  stop(): Promise<void>
}

export interface PostgresOptions {
  /** Where the cluster lies; made when it is not there. */
  dir: string
  port?: number
  /** False gives up safety for speed (no fsync): for tests, whose data nobody keeps. */
  durable: boolean
}

/**
 * Starts the embedded PostgreSQL 17 over `dir`, or takes over the server that an earlier, killed run left behind. Only
 * this machine can reach it; its one password-less administrator is for development.
 */
export const startPostgres = async ({ dir, port: wanted, durable }: PostgresOptions): Promise<Postgres> => {
  const tools = binaries()
  const orphan = orphanIn(dir)
  if (orphan) {
    await answers(orphan.url, () => !alive(orphan.pid), [])
    return { url: orphan.url, port: orphan.port, stop: () => stopProcess(orphan.pid) }
  }
  if (!existsSync(join(dir, 'PG_VERSION'))) await initialise(tools, dir)
  const port = wanted ?? (await freePort())
  const settings = {
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '300',
    timezone: 'UTC',
    log_min_messages: 'fatal',
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  }
  const output: string[] = []
  const server = execute(tools, 'postgres', [
    '-D',
    dir,
    ...Object.entries(settings).flatMap(([k, v]) => ['-c', `${k}=${v}`]),
  ])
  server.stderr.on('data', (chunk: Buffer) => void (output.length < 50 && output.push(chunk.toString())))
  const exited = new Promise<void>((resolve) => server.once('exit', () => resolve()))
  const url = urlOf(port)
  const stop = async () => {
    // SIGINT is PostgreSQL's fast shutdown: sessions end, the cluster is clean.
    server.kill('SIGINT')
    const late = setTimeout(() => server.kill('SIGKILL'), 10_000)
    await exited
    clearTimeout(late)
  }
  try {
    await answers(url, () => server.exitCode !== null, output)
  } catch (error) {
    await stop()
    throw error
  }
  return { url, port, stop }
}

const execute = (tools: Binaries, program: string, args: string[]) => {
  const [command, ...before] = [...tools.wrap, join(tools.native, 'bin', program)]
  return spawn(command!, [...before, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    // Its own process group: Ctrl-C reaches us, and we stop it in order.
    detached: process.platform !== 'win32',
    env: { ...process.env, LD_LIBRARY_PATH: join(tools.native, 'lib'), LC_ALL: 'C' },
    ...tools.as,
  })
}

const initialise = async (tools: Binaries, dir: string) => {
  // What a killed first start left is half a cluster; it holds nothing yet.
  rmSync(dir, { recursive: true, force: true })
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  if (tools.as) chownSync(dir, tools.as.uid, tools.as.gid)
  const child = execute(tools, 'initdb', [
    '-D',
    dir,
    '-U',
    'postgres',
    '--auth=trust',
    '--encoding=UTF8',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    '--no-sync',
    '--no-instructions',
  ])
  let error = ''
  child.stderr.on('data', (chunk: Buffer) => void (error += chunk.toString()))
  const code = await new Promise((resolve) => child.once('exit', resolve))
  if (code !== 0) {
    rmSync(dir, { recursive: true, force: true })
    throw new Error(`PostgreSQL could not make its data folder ${dir}: ${error.trim()}`)
  }
}

const answers = async (url: string, dead: () => boolean, output: string[]) => {
  for (let attempt = 0; attempt < 400; attempt++) {
    if (dead()) throw new Error(`PostgreSQL did not start: ${output.join('').trim()}`)
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 })
    client.on('error', () => undefined)
    try {
      await client.connect()
      await client.end()
      return
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
  }
  throw new Error(`PostgreSQL does not answer: ${output.join('').trim()}`)
}

const alive = (pid: number) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

// A killed run leaves its server running, in good health: it is taken over. `postmaster.pid` names it and its port.
const orphanIn = (dir: string) => {
  const file = join(dir, 'postmaster.pid')
  if (!existsSync(file)) return undefined
  const lines = readFileSync(file, 'utf8').split('\n')
  const [pid, port] = [Number(lines[0]), Number(lines[3])]
  if (isPostgres(pid, dir) && port > 0) return { pid, port, url: urlOf(port) }
  rmSync(file, { force: true })
  return undefined
}

const stopProcess = async (pid: number) => {
  process.kill(pid, 'SIGINT')
  for (let attempt = 0; attempt < 200 && alive(pid); attempt++) {
    if (attempt === 150) process.kill(pid, 'SIGKILL')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

const urlOf = (port: number) => `postgres://postgres@127.0.0.1:${port}/postgres`

// The number may have gone to another program since.
const isPostgres = (pid: number, dir: string) => {
  if (!Number.isInteger(pid) || pid <= 1 || !alive(pid)) return false
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(dir)
  } catch {
    return process.platform !== 'linux'
  }
}
