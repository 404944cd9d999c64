import { spawn, spawnSync } from 'node:child_process'
import { renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { whenGone } from './lifeline.ts'
import { freePort } from './ports.ts'
import type { Binaries } from './postgres-binaries.ts'
import { hasCluster, makeFolder, type Place, placeOf, stopLeft } from './postgres-data.ts'

export interface Postgres {
  /** An administrator's URL. */
  url: string
  port: number
  /** Where the cluster lies: `dir`, or elsewhere where PostgreSQL could not come into it. */
  data: string
  /** Resolves when the server has ended, for whatever reason. */
  ended: Promise<void>
  stop(): Promise<void>
  /** Ends it at once, as a power cut does: what was committed is recovered by the next start over `dir`. */
  crash(): Promise<void>
}

export interface PostgresOptions {
  /** Where the cluster lies; made when it is not there. */
  dir: string
  port?: number
  /** False gives up safety for speed (no fsync): for tests, whose data nobody keeps. */
  durable: boolean
  /** Gets the server's own lines: warnings and worse. */
  log?: (line: string) => void
}

/**
 * Starts the embedded PostgreSQL 17 over `dir`, after ending the server that an earlier, killed run may have left. Only
 * this machine can reach it; its one administrator without a password is for development. It ends when this process does.
 */
export const startPostgres = async ({ dir, port: wanted, durable, log }: PostgresOptions): Promise<Postgres> => {
  const place = placeOf(dir)
  const { data, tools } = place
  await stopLeft(data)
  if (!hasCluster(data)) await initialise(place)
  const port = wanted ?? (await freePort())
  const settings = {
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '300',
    timezone: 'UTC',
    log_min_messages: log ? 'warning' : 'fatal',
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  }
  const server = execute(tools, 'postgres', [
    '-D',
    data,
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ])
  const callOff = whenGone('kill -INT "$1"', String(server.pid))
  const first: string[] = []
  server.stderr.on('data', (chunk: Buffer) => {
    if (first.length < 20) first.push(chunk.toString())
    log?.(chunk.toString().trimEnd())
  })
  let running = true
  const ended = new Promise<void>((resolve) => {
    for (const event of ['exit', 'error'] as const)
      server.once(event, (why: unknown) => {
        if (event === 'error') first.push(String(why))
        running = false
        callOff()
        resolve()
      })
  })
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  const end = async (mode: 'fast' | 'immediate') => {
    if (!running) return
    // Fast: sessions end, the cluster is clean.
    if (process.platform === 'win32') spawnSync(join(tools.native, 'bin', 'pg_ctl'), ['stop', '-D', data, '-m', mode])
    else server.kill(mode === 'fast' ? 'SIGINT' : 'SIGQUIT')
    const late = setTimeout(() => server.kill('SIGKILL'), 10_000)
    await ended
    clearTimeout(late)
  }
  try {
    await answers(url, () => running)
  } catch (error) {
    await end('fast')
    throw new Error(`PostgreSQL did not start over ${data}: ${first.join('').trim() || String(error)}`)
  }
  return { url, port, data, ended, stop: () => end('fast'), crash: () => end('immediate') }
}

const execute = (tools: Binaries, program: string, args: string[]) => {
  const [command, ...before] = [...tools.wrap, join(tools.native, 'bin', program)]
  return spawn(command!, [...before, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    // Its own process group: Ctrl-C reaches us, and we stop it in order.
    detached: process.platform !== 'win32',
    windowsHide: true,
    env: { ...process.env, LD_LIBRARY_PATH: join(tools.native, 'lib'), LC_ALL: 'C', PGTZ: 'UTC' },
    ...tools.as,
  })
}

const initialise = async (place: Place) => {
  const made = makeFolder(place)
  const options = {
    pgdata: made,
    username: 'postgres',
    auth: 'trust',
    encoding: 'UTF8',
    'locale-provider': 'builtin',
    'builtin-locale': 'C.UTF-8',
    locale: 'C',
  }
  const child = execute(place.tools, 'initdb', [
    ...Object.entries(options).map(([name, value]) => `--${name}=${value}`),
    '--no-sync',
    '--no-instructions',
  ])
  const callOff = whenGone('kill "$1"', String(child.pid))
  let error = ''
  child.stderr.on('data', (chunk: Buffer) => void (error += chunk.toString()))
  const code = await new Promise((resolve) => child.once('error', resolve).once('exit', resolve))
  callOff()
  if (code !== 0) {
    rmSync(made, { recursive: true, force: true })
    throw new Error(`PostgreSQL could not make its data folder ${place.data}: ${error.trim() || String(code)}`)
  }
  renameSync(made, place.data)
}

const answers = async (url: string, running: () => boolean) => {
  for (const end = performance.now() + 20_000; running();) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 })
    client.on('error', () => undefined)
    try {
      await client.connect()
      await client.end()
      return
    } catch (error) {
      if (performance.now() > end) throw error
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  throw new Error('it ended')
}
