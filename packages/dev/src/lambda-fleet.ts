import { join } from 'node:path'
import { type ServiceName, serviceNames } from '@wealist/contract/topology'
import { type Bundle, bundleAll } from './bundle.ts'
import { environmentOf, type LocalWorld } from './environment.ts'
import { startFront } from './lambda-front.ts'
import { lambdaFunction, type LambdaFunctionHandle } from './lambda-function.ts'
import { keys, region } from './lambda-signature.ts'
import { repository } from './repository.ts'
import { startWebSocketApi } from './websocket-api.ts'

/** Milliseconds that an invocation may take, by what calls it; API Gateway's own limits. */
const timeouts = { http: 30_000, socket: 29_000, stream: 900_000, jobs: 60_000 } as const

/**
 * Every service as previews run it: bundled, in processes of the Runtime Interface Client, behind stand-ins of API
 * Gateway, on the ports where the services would be. The schedule ticks each `tick` milliseconds.
 */
export const startLambdaFleet = async (
  world: LocalWorld,
  { tick = 60_000, onLine }: { tick?: number; onLine?: (line: string) => void } = {},
) => {
  const bundles = await bundleAll(join(repository, 'node_modules', '.cache', 'wealist-lambda'))
  const started: { stop(): unknown }[] = []
  const keep = <T extends { stop(): unknown }>(one: T) => {
    started.push(one)
    return one
  }
  const ticked: LambdaFunctionHandle[] = []
  const stop = async () => {
    clearInterval(schedule)
    await Promise.allSettled(started.toReversed().map((one) => one.stop()))
  }
  const start = async (service: ServiceName) => {
    const of = (kind: Bundle['kind']) => bundles.find((b) => b.service === service && b.kind === kind)
    const socket = of('socket')
    const env = {
      ...environmentOf(service, world),
      METRICS_PORT: undefined,
      PEER_AUTH: 'iam',
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
      WEBSOCKET_API_URL: '',
    }
    // The API is there before its function, whose environment names it.
    const handler = { of: undefined as LambdaFunctionHandle | undefined }
    const sockets = socket && keep(await startWebSocketApi({ handler: (event) => handler.of!.call(event) }))
    if (sockets) env.WEBSOCKET_API_URL = sockets.endpoint
    const run = (bundle: Bundle) => {
      const { name, dir, kind } = bundle
      return keep(lambdaFunction({ name, dir, env, timeout: timeouts[kind], onLine }))
    }
    const http = run(of('http')!)
    const stream = of('stream')
    const jobs = of('jobs')
    if (socket) handler.of = run(socket)
    ticked.push(http, ...(handler.of ? [handler.of] : []), ...(jobs ? [run(jobs)] : []))
    keep(await startFront({ service, http, stream: stream && run(stream), sockets }, world.ports[service]))
  }
  // One tick of a function at a time: a schedule as short as a test's would start ever more environments.
  const under = new Set<LambdaFunctionHandle>()
  const beat = () => {
    for (const fn of ticked.filter((one) => !under.has(one))) {
      under.add(fn)
      fn.call({ source: 'aws.scheduler' })
        .catch((error: unknown) => onLine?.(String(error)))
        .finally(() => under.delete(fn))
    }
  }
  const schedule = setInterval(beat, tick).unref()
  try {
    for (const name of serviceNames) await start(name)
  } catch (error) {
    await stop()
    throw error
  }
  return { bundles, tick: beat, stop }
}
