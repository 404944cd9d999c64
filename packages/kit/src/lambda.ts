import { topology } from '@wealist/contract/topology'
import { defaultIsContentTypeBinary, handle, type LambdaContext } from 'hono/aws-lambda'
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import type * as z from 'zod'
import type { Overrides } from './base.ts'
import { type Env } from './config.ts'
import type { ServiceSpec } from './service.ts'
import { type Running, start } from './start.ts'

/** What the minute's schedule sends: anything that is no request. */
interface Tick {
  source: string
}

const runDue = (service: Running, ms: number) =>
  service.jobs?.runDue(ms).catch((error: unknown) => service.base.log.error({ err: error }, 'due jobs could not run'))

// Read as text, a file would lose the byte order mark by which Excel knows UTF-8.
const isContentTypeBinary = (type: string) => type.startsWith('text/csv') || defaultIsContentTypeBinary(type)

// API Gateway matches its routes on the path as it was written, and a URL is resolved only afterwards: one that climbs
// would come out where no route leads. It is not found.
const climbs = (path: string) => /(^|[/\\])(\.|%2e){1,2}([/\\]|$)/i.test(path)

/**
 * The Lambda adapter: API Gateway HTTP events (payload 2.0) of one service, and the schedule that runs what is
 * due each minute. Starts once a process; a start that fails is
 * tried again by the next event. Takes paths with and without the public prefix, which API Gateway cannot strip.
 */
export const lambda = <S extends z.ZodObject, D extends object>(
  spec: ServiceSpec<S, D>,
  env: Env = process.env,
  overrides: Overrides = {},
) => {
  const prefix = `/api/svc/${spec.name}`
  const pool = topology[spec.name].database === null ? {} : { DATABASE_POOL: '2' }
  let running: Promise<{ service: Running<D>; answer: ReturnType<typeof handle> }> | undefined
  const open = async () => {
    const service = await start(spec, { ...pool, ...env }, { ...overrides, resident: false })
    return { service, answer: handle(service.app, { isContentTypeBinary }) }
  }
  return async (
    event: APIGatewayProxyEventV2 | Tick,
    context: LambdaContext,
  ): Promise<APIGatewayProxyStructuredResultV2> => {
    running ??= open()
    const { service, answer } = await running.catch((error: unknown) => {
      running = undefined
      throw error
    })
    if (!('rawPath' in event)) {
      await runDue(service, 50_000)
      await service.rest()
      return { statusCode: 204 }
    }
    const { rawPath } = event
    const path = climbs(rawPath) ? '/' : rawPath.startsWith(`${prefix}/`) ? rawPath.slice(prefix.length) : rawPath
    const inner = {
      ...event,
      rawPath: path,
      requestContext: { ...event.requestContext, http: { ...event.requestContext.http, path } },
    }
    const result = await answer(inner as never, context)
    // Who listens behind API Gateway is told before, too.
    await service.live.settled(2000)
    // What comes after the answer is frozen with the process, so the jobs of this request run before it, briefly. They
    // stay due when that fails; the answer is what it is.
    if (service.jobs?.poked) await runDue(service, 300)
    await service.rest()
    return result as APIGatewayProxyStructuredResultV2
  }
}
