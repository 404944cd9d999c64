import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import type { Evidence } from './storm.oracle.ts'
import type { StormPod } from './storm.pods.ts'

export interface Use {
  what: string
  sockets: number
  /** MB that are in memory. */
  memory: number
}

// As Linux tells; elsewhere nothing is told, and nothing found to grow.
const useOf = ({ service, pid }: StormPod): Use => {
  if (process.platform !== 'linux') return { what: service, sockets: 0, memory: 0 }
  const sockets = readdirSync(`/proc/${pid}/fd`).filter((fd) => linkOf(`/proc/${pid}/fd/${fd}`).startsWith('socket:'))
  const memory = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1])
  return { what: service, sockets: sockets.length, memory: Math.round(memory / 1024) }
}
// What was open may be closed by now.
const linkOf = (path: string) => {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

export const useOfAll = (pods: readonly StormPod[]) => pods.map(useOf)

/** Sockets may be more by a pool's connections to PostgreSQL and those kept to peers; memory by what a process that works keeps. */
export const compared = (before: readonly Use[], after: readonly Use[]): Evidence['back'] =>
  before.flatMap((was, i) => {
    const now = after[i]!
    return [
      { what: `sockets of ${was.what}`, before: was.sockets, after: now.sockets, most: was.sockets + 12 },
      { what: `MB of ${was.what}`, before: was.memory, after: now.memory, most: was.memory * 1.5 + 64 },
    ]
  })
