import { serviceNames } from '@wealist/contract/topology'
import { environmentOf, type LocalWorld } from './environment.ts'
import { type LambdaService, startLambdaService } from './lambda-service.ts'

/**
 * Every service as previews run it, on the ports where the services would be. The schedule ticks each `tick` milliseconds.
 */
export const startLambdaFleet = async (
  world: LocalWorld,
  { tick = 60_000, onLine }: { tick?: number; onLine(line: string): void },
) => {
  const started: LambdaService[] = []
  const schedule = setInterval(() => {
    for (const service of started) void service.tick()
  }, tick).unref()
  const stop = async () => {
    clearInterval(schedule)
    await Promise.allSettled(started.map((service) => service.stop()))
  }
  try {
    for (const name of serviceNames)
      started.push(await startLambdaService(name, { env: environmentOf(name, world), port: world.ports[name], onLine }))
  } catch (error) {
    await stop()
    throw error
  }
  return { stop }
}
