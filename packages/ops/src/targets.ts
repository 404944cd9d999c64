import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { ServiceName } from '@wealist/contract/topology'
import type { Outside } from './outside.ts'

/** The metrics ports of the services, replica by replica. */
export interface Targets {
  /** Where the replicas of a service are: every address of its name. */
  of(service: ServiceName): Promise<string[]>
  /** Asks one of them. */
  ask(target: string, path: string): Promise<{ status: number; text: string }>
}

/** Most replicas that are asked one by one; Prometheus is for more. */
const most = 20

export const openTargets = (urlOf: (service: ServiceName) => string, outside: Outside): Targets => ({
  of: async (service) => {
    const url = new URL(urlOf(service))
    if (isIP(url.hostname)) return [url.origin]
    const found = await lookup(url.hostname, { all: true, family: 4 })
    return found.slice(0, most).map(({ address }) => `http://${address}:${url.port || 80}`)
  },
  ask: (target, path) => outside.text(target + path),
})
