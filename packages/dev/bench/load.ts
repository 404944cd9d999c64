import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Figures } from './compare.ts'
import type { Metered } from './process.ts'

export interface HttpLoad {
  url: string
  connections: number
  seconds: number
  requests: { method: string; path: string; headers?: Record<string, string>; body?: string }[]
  /** An answer that is no 2xx is one, too. */
  refusals?: boolean
}

interface Answered {
  requests: number
  total: number
  p50: number
  p99: number
}

/** Puts a load on a server: answers a second, ms until one came, and microseconds of the server's CPU for each. */
export const httpLoad = async (server: Metered, load: HttpLoad): Promise<Figures> => {
  const before = await server.usage()
  const { requests, total, p50, p99 } = await run<Answered>('http-load.ts', load)
  const after = await server.usage()
  return { requests, cpu: (after.cpu - before.cpu) / total, p50, p99 }
}

/** Runs a file of this folder with JSON, and gives the JSON that it wrote. */
export const run = async <T>(file: string, input: unknown): Promise<T> => {
  const running = promisify(execFile)(process.execPath, [join(import.meta.dirname, file)])
  running.child.stdin!.end(JSON.stringify(input))
  return JSON.parse((await running).stdout) as T
}
