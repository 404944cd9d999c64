import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ServiceName } from '@wealist/contract/topology'
import type { Env } from '@wealist/kit/config'
import { isAlive } from './alive.ts'
import { bundle, type Bundle, functions } from './bundle.ts'
import { startFront } from './lambda-front.ts'
import { lambdaFunction, type LambdaFunctionHandle } from './lambda-function.ts'
import { keys, region } from './lambda-signature.ts'
import { repository } from './repository.ts'
import { startWebSocketApi } from './websocket-api.ts'

/** Milliseconds that an invocation may take, as in stacks/functions.ts. */
const timeouts = { http: 60_000, socket: 29_000, stream: 900_000, jobs: 60_000 } as const

const bundlesAt = join(repository, 'node_modules', '.cache', 'wealist-lambda')

/** A folder for bundles, named by the process that needs it; those of processes that were killed go. */
const folder = () => {
  mkdirSync(bundlesAt, { recursive: true })
  for (const name of readdirSync(bundlesAt))
    if (!isAlive(parseInt(name))) rmSync(join(bundlesAt, name), { recursive: true, force: true })
  return mkdtempSync(join(bundlesAt, `${process.pid}-`))
}

export interface LambdaServiceOptions {
  env: Env
  /** 0 takes any. */
  port: number
  onLine(line: string): void
  /** Milliseconds that a stream may live; Lambda's fifteen minutes unless told. */
  streamFor?: number | undefined
}

/**
 * One service as previews run it: each of its functions bundled, in processes of the Runtime Interface Client, behind
 * stand-ins of what calls them, on one port.
 */
export const startLambdaService = async (
  service: ServiceName,
  { env, port, onLine, streamFor }: LambdaServiceOptions,
) => {
  const out = folder()
  const started: { stop(): unknown }[] = [{ stop: () => rm(out, { recursive: true, force: true }) }]
  const keep = <T extends { stop(): unknown }>(one: T) => {
    started.push(one)
    return one
  }
  const own = functions.filter((fn) => fn.service === service)
  const bundles = await Promise.all(own.map((fn) => bundle(fn, out)))
  const of = (kind: Bundle['kind']) => bundles.find((b) => b.kind === kind)
  const given: Env = {
    ...env,
    METRICS_PORT: undefined,
    PEER_AUTH: 'iam',
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
  }
  const run = ({ name, dir, kind }: Bundle) =>
    keep(lambdaFunction({ name, dir, env: given, timeout: (kind === 'stream' && streamFor) || timeouts[kind], onLine }))

  // The API is there before its function, whose environment names it.
  const socket = of('socket')
  const sockets = socket && keep(await startWebSocketApi({ handler: (event) => onSocket!.call(event) }))
  if (sockets) given['WEBSOCKET_API_URL'] = sockets.endpoint
  const onSocket: LambdaFunctionHandle | undefined = socket && run(socket)
  const http = run(of('http')!)
  const [stream, jobs] = [of('stream'), of('jobs')]
  const ticked = [http, ...(onSocket ? [onSocket] : []), ...(jobs ? [run(jobs)] : [])]
  const streaming = stream && run(stream)
  const front = keep(await startFront({ service, http, stream: streaming, sockets }, port))

  // One tick of a function at a time: a schedule as short as a test's would start ever more environments.
  const under = new Set<LambdaFunctionHandle>()
  const tick = async (fn: LambdaFunctionHandle) => {
    under.add(fn)
    await fn
      .call({ source: 'aws.scheduler' })
      .catch((error: unknown) => onLine?.(String(error)))
      .finally(() => under.delete(fn))
  }
  return {
    port: front.port,
    /** Streams under way. */
    get streams() {
      return streaming?.under ?? 0
    },
    /** The minute's schedule: resolves once what it called has ended. */
    tick: () => Promise.all(ticked.filter((fn) => !under.has(fn)).map(tick)),
    stop: async () => void (await Promise.allSettled(started.toReversed().map((one) => one.stop()))),
  }
}
export type LambdaService = Awaited<ReturnType<typeof startLambdaService>>
