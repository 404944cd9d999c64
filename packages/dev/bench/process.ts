import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { whenGone } from '../src/lifeline.ts'

/** What a process has used since it began: microseconds of CPU, bytes in memory after a collection. */
export interface Usage {
  cpu: number
  memory: number
}

/** A program in a process of its own, that can be asked what it uses. */
export interface Metered {
  usage(what?: 'usage' | 'memory'): Promise<Usage>
  stop(): Promise<void>
}

/** Starts a file with Node; resolves once `ready` does, and throws what it wrote to standard error when it ends before. */
export const startMetered = async (
  file: string,
  env: NodeJS.ProcessEnv,
  ready: () => Promise<unknown>,
): Promise<Metered> => {
  const child = spawn(process.execPath, ['--expose-gc', '--import', join(import.meta.dirname, 'meter.ts'), file], {
    env: { PATH: process.env['PATH'], NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  const callOff = whenGone('kill -9 "$1"', String(child.pid))
  const errors: string[] = []
  child.stderr!.on('data', (chunk: Buffer) => void (errors.length < 40 && errors.push(String(chunk))))
  const ended = once(child, 'exit').then(callOff)
  const fault = ended.then(() => Promise.reject(new Error(`${file} ended: ${errors.join('')}`)))
  fault.catch(() => undefined)
  await Promise.race([ready(), fault])
  return {
    usage: async (what = 'usage') => {
      child.send(what)
      const [usage] = (await Promise.race([once(child, 'message'), fault])) as [Usage]
      return usage
    },
    stop: async () => {
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** Resolves once this address answers. */
export const answering = (url: string) => async () => {
  for (const end = Date.now() + 30_000; Date.now() < end;) {
    const answer = await fetch(url).catch(() => undefined)
    await answer?.arrayBuffer()
    if (answer?.ok) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`${url} does not answer`)
}
