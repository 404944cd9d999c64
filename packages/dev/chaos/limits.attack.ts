import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { AttackName } from './limits.attacker.ts'

export interface Target {
  host: string
  port: number
  /** Headers of a person who may read the project. */
  headers: Record<string, string>
  project: string
  /** Connections at once, of those attacks that hold many. */
  sockets: number
}

/** What became of an attack: how often it was answered how, and the longest that a connection was left open. */
export interface Outcome {
  answers: Record<string, number>
  /** Milliseconds. */
  longest: number
  /** Most bytes that one connection could send. */
  sent: number
  left: number
}

/** An attacker in a process of their own, since they must not share a thread with whom they disturb. */
export const startAttack = async (name: AttackName, target: Target) => {
  const child = fork(fileURLToPath(new URL('limits.attacker.ts', import.meta.url)), [name, JSON.stringify(target)], {
    execArgv: [],
    stdio: 'inherit',
  })
  await once(child, 'message')
  return {
    /** Begins nothing new, and ends when all is closed; what is open `ms` later counts as `left`. */
    stop: async (ms: number): Promise<Outcome> => {
      const told = once(child, 'message') as Promise<[Outcome]>
      child.send(ms)
      const [outcome] = await told
      child.kill('SIGKILL')
      return outcome
    },
  }
}
