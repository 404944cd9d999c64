import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

export interface Listen {
  url: string
  headers?: Record<string, string>
  kind: 'socket' | 'stream'
  /** What a socket says when it is open. */
  first?: string
  /** What it says every half minute. */
  beat?: string
}

export interface Heard {
  count: number
  /** Milliseconds from where a message was made to where it was heard. */
  p50: number
  p99: number
}

/** Opens these clients from a process of their own. */
export const listen = async (all: Listen[]) => {
  const child = fork(join(import.meta.dirname, 'listeners-load.ts'))
  const ask = async (what: object | string) => {
    child.send(what)
    const [answer] = (await once(child, 'message')) as [{ error?: string }]
    if (answer.error) throw new Error(`a client could not listen: ${answer.error}`)
    return answer
  }
  await ask({ open: all })
  return {
    /** What was heard since it was asked the last time. */
    heard: async () => (await ask('heard')) as unknown as Heard,
    stop: async () => {
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}
export type Listening = Awaited<ReturnType<typeof listen>>

/** The time that messages carry: microseconds of the machine's own clock. */
export const stamp = () => Number(process.hrtime.bigint() / 1000n)
