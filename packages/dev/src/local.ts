import { createWriteStream, mkdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { gatewayPort, metricsPort, portalPort, serviceNames, topology } from '@wealist/contract/topology'
import { takeLock } from './lock.ts'
import type { Run } from './parts.ts'
import { holderOf, isFree } from './ports.ts'
import { removePostgres } from './postgres-data.ts'
import { startPostgres } from './postgres.ts'
import { bold, dim, red, step } from './progress.ts'
import { repository } from './repository.ts'

const oidcPort = 8090
const s3Port = 9000
const known = ['--fresh', '--processes', '--lambda'] as const
const flags = new Set(process.argv.slice(2))
const { WEALIST_DATA, DATABASE_URL, S3_ENDPOINT } = process.env
const dir = WEALIST_DATA ? resolve(WEALIST_DATA) : join(repository, '.wealist')
const logFile = join(dir, 'services.log')

// What was started, in order; stopped from its end.
const running: { name: string; stop(): Promise<void> }[] = []
let stopping = false
const keep: Run['keep'] = async (name, part) => {
  // Ctrl-C may come while a part starts.
  if (stopping) await part.stop()
  else running.push({ name, stop: () => part.stop() })
  return part
}
const stop = async (code: number) => {
  if (stopping) return
  stopping = true
  // Whatever hangs must not: our children end with us.
  setTimeout(() => process.exit(code), 10_000).unref()
  for (const part of running.toReversed())
    await part.stop().catch((error: unknown) => console.error(`  ${part.name}: ${String(error)}`))
  process.exit(code)
}
const fail = (error: unknown) => {
  if (!stopping)
    console.error(`\n${red('weAlist had to stop.')}\n${error instanceof Error ? error.message : String(error)}\n`)
  void stop(1)
}

const checkFlags = () => {
  const unknown = [...flags].filter((flag) => !known.some((k) => k === flag))
  if (unknown.length > 0) throw new Error(`Not known: ${unknown.join(' ')}. There are ${known.join(', ')}.`)
}

const checkPorts = async () => {
  const wanted = [
    ...serviceNames.map((name) => [name, topology[name].port] as const),
    ...serviceNames.map((name) => [`the metrics of ${name}`, metricsPort(name)] as const),
    ['the gateway', gatewayPort] as const,
    ['the portal', portalPort] as const,
    ['the sign-in page in Google’s place', oidcPort] as const,
    ...(S3_ENDPOINT ? [] : [['the embedded S3', s3Port] as const]),
  ]
  const free = await Promise.all(wanted.map(([, port]) => isFree(port)))
  const taken = wanted.filter((_, i) => !free[i])
  if (taken.length === 0) return
  const lines = taken.map(([name, port]) => {
    const holder = holderOf(port)
    return `  port ${port}, for ${name}, is taken by ${holder ?? 'a process of somebody else, whom this machine does not name'}`
  })
  throw new Error(`${lines.join('\n')}\nStop what holds ${taken.length > 1 ? 'them' : 'it'} and run npm start again.`)
}

const notes: string[] = []

const postgresHere = () =>
  step('PostgreSQL 17', async () => {
    if (flags.has('--fresh')) await removePostgres(join(dir, 'postgres'))
    const options = { dir: join(dir, 'postgres'), durable: true, log: (line: string) => run.log(line) }
    const postgres = await startPostgres(options).catch((error: Error) => {
      throw new Error(`${error.message}\nIf what is in there may go: npm start -- --fresh begins anew.`)
    })
    void postgres.ended.then(() => run.ended('PostgreSQL'))
    if (postgres.data !== join(dir, 'postgres')) run.note(`PostgreSQL’s data are in ${postgres.data}`)
    return keep('PostgreSQL', postgres)
  })

const postgresGiven = (url: string) =>
  step('PostgreSQL (DATABASE_URL)', async () => (await import('./given.ts')).givenPostgres(url))

const run: Run = {
  dir,
  oidcPort,
  s3Port,
  keep,
  ended: (what) => fail(new Error(`${what} has ended. What it said last is in ${logFile}`)),
  log: () => undefined,
  note: (text) => void notes.push(text),
}

const takeFolder = () => {
  try {
    mkdirSync(dir, { recursive: true })
    return takeLock(join(dir, 'lock'))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (!code) throw error
    throw new Error(
      `Nothing can be written into ${dir} (${code}). Make room, make it yours where another user has started weAlist there, or set WEALIST_DATA to another folder.`,
    )
  }
}

/** Lines for the log; where it cannot be written that is said once, and the rest goes on. */
const openLog = () => {
  const stream = createWriteStream(logFile, { flags: 'a' })
  stream.once('error', ({ message }) => console.error(`  ${red('!')} nothing is logged any more: ${message}`))
  return (line: string) => void (stream.writable && stream.write(`${line}\n`))
}

const start = async () => {
  checkFlags()
  console.log(`\n${bold('weAlist')} ${dim(`data in ${dir}`)}\n`)
  const release = takeFolder()
  await keep('lock', { stop: async () => release() })
  await checkPorts()
  if (flags.has('--fresh'))
    for (const part of ['s3', 'auth-keys.json', 'services.log'])
      rmSync(join(dir, part), { recursive: true, force: true })
  run.log = openLog()

  // PostgreSQL starts as a process of its own while this one loads the rest.
  const [postgres, parts] = await Promise.all([
    DATABASE_URL ? postgresGiven(DATABASE_URL) : postgresHere(),
    import('./parts.ts').then(async (rest) => ({ ...rest, ready: await rest.startParts(run) })),
  ])
  const { ready } = parts
  const how = flags.has('--lambda') ? 'lambda' : flags.has('--processes') ? 'processes' : 'together'
  const [{ people }] = await Promise.all([
    parts.startServices(run, { ...ready, postgres: postgres.url, how }),
    parts.portalHere(run),
  ])

  console.log(`\n  ${bold('weAlist')}     http://localhost:${gatewayPort}`)
  console.log(`  ${bold('portal')}      http://localhost:${portalPort}`)
  for (const name of serviceNames) console.log(`  ${name.padEnd(11)} http://localhost:${topology[name].port}/docs`)
  console.log(`\n  ${bold('Sign in as')}`)
  for (const { email, password } of Object.values(people)) console.log(`  ${email.padEnd(19)} ${password}`)
  for (const note of notes) console.log(`\n  ${dim(note)}`)
  console.log(`\n  ${dim(`logs in ${logFile} · Ctrl-C stops everything · npm start -- --fresh begins anew`)}\n`)
}

process.on('SIGINT', () => {
  if (!stopping) console.log('\n  stopping …')
  void stop(0)
})
for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop(0))
start().catch(fail)
