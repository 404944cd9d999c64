import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { commandOf, gone, isAlive } from './alive.ts'
import { type Binaries, binaries, give, isOpen } from './postgres-binaries.ts'

/** A cluster's folder, and the programs that can work on it. */
export interface Place {
  data: string
  tools: Binaries
}

/**
 * Where the cluster of `dir` lies: there, but where PostgreSQL has to run as a user who cannot come so far (root's home),
 * in a folder of the same name for the whole machine that outlives restarts.
 */
export const placeOf = (dir: string): Place => {
  const outside = outsideOf(dir)
  const data = !hasCluster(dir) && hasCluster(outside) ? outside : dir
  const tools = binaries(data)
  if (!tools.as || data === outside) return { data, tools }
  if (isOpen(dirname(dir))) return { data, tools: owned(data, tools) }
  if (!hasCluster(dir)) return { data: outside, tools }
  return { data, tools }
}

/** Makes an empty folder, for a cluster to be made in beside its place: a first start that is killed leaves none by halves. */
export const makeFolder = ({ data, tools }: Place) => {
  const made = `${data}.new`
  for (const old of [made, data]) rmSync(old, { recursive: true, force: true })
  mkdirSync(dirname(data), { recursive: true })
  mkdirSync(made, { mode: 0o700 })
  give(made, tools)
  return made
}

export const hasCluster = (data: string) => existsSync(join(data, 'PG_VERSION'))

/** Ends the server that a killed run left on this folder, as far as one runs; what it had committed stays. */
export const stopLeft = async (data: string) => {
  const file = join(data, 'postmaster.pid')
  if (!existsSync(file)) return
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0])
  // The number may have gone to another program since.
  if (isAlive(pid) && isServerOf(commandOf(pid), data)) {
    for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
      process.kill(pid, signal)
      if (await gone(pid, 5000)) break
    }
  }
  rmSync(file, { force: true })
}

/** Removes the cluster of `dir`, after ending what still works on it. */
export const removePostgres = async (dir: string) => {
  for (const data of [dir, outsideOf(dir)]) {
    await stopLeft(data)
    await rm(data, { recursive: true, force: true })
  }
}

const isServerOf = (command: string, data: string) =>
  command.includes('postgres') && (process.platform === 'win32' || command.includes(data))

const owned = (data: string, tools: Binaries) => {
  if (hasCluster(data)) give(data, tools)
  return tools
}

const outsideOf = (dir: string) =>
  join(
    existsSync('/var/tmp') ? '/var/tmp' : tmpdir(),
    `wealist-${createHash('sha256').update(dir).digest('hex').slice(0, 12)}`,
  )
