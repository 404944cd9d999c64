import { type ServiceName, serviceNames } from '@wealist/contract/topology'
import { migrate } from '@wealist/kit/migrate'
import { type Listening, run } from '@wealist/kit/node'
import type { Overrides } from '@wealist/kit/base'
import { withDatabase } from './databases.ts'
import { environmentOf, type LocalWorld } from './environment.ts'
import { services } from './services.ts'

export interface Fleet {
  services: Record<ServiceName, Listening<unknown>>
  stop(): Promise<void>
}

/** Brings the five databases up to date, side by side. */
export const migrateAll = (databases: LocalWorld['databases']) =>
  Promise.all(
    withDatabase
      .filter((name) => name !== 'ops')
      .map((name) => migrate({ url: databases[name]!, dir: services[name].migrations })),
  )

/** Every service, each on its own port, in this process, by the door that production uses. Stops them all together. */
export const startFleet = async (world: LocalWorld, overrides: Overrides = {}): Promise<Fleet> => {
  const all = await Promise.allSettled(
    serviceNames.map(async (name) => [name, await run(services[name], environmentOf(name, world), overrides)] as const),
  )
  const started = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const stop = async () => void (await Promise.allSettled(started.map(([, service]) => service.stop())))
  const failed = all.find((one) => one.status === 'rejected')
  if (failed) {
    await stop()
    throw failed.reason
  }
  return { services: Object.fromEntries(started) as Fleet['services'], stop }
}
