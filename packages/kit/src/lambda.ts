import { defaultIsContentTypeBinary, handle, type LambdaContext } from 'hono/aws-lambda'
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import type * as z from 'zod'
import type { Overrides } from './base.ts'
import type { Env } from './config.ts'
import { openInvocations, runTick } from './lambda-invocations.ts'
import type { ServiceSpec } from './service.ts'

/** What the minute's schedule sends: anything that is no request. */
interface Tick {
  source: string
}

// Read as text, a file would lose the byte order mark by which Excel knows UTF-8.
const isContentTypeBinary = (type: string) => type.startsWith('text/csv') || defaultIsContentTypeBinary(type)

// API Gateway matches its routes on the path as it was written, and a URL is resolved only afterwards: one that climbs
// would come out where no route leads. It is not found.
const climbs = (path: string) => /(^|[/\\])(\.|%2e){1,2}([/\\]|$)/i.test(path)

/**
 * The Lambda adapter: API Gateway HTTP events (payload 2.0) of one service, and the schedule that runs what is due each
 * minute. Takes paths with and without the public prefix, which API Gateway cannot strip.
 */
export const lambda = <S extends z.ZodObject, D extends object>(
  spec: ServiceSpec<S, D>,
  env: Env = process.env,
  overrides: Overrides = {},
) => {
  const prefix = `/api/svc/${spec.name}`
  const invoke = openInvocations(spec, env, overrides)
  let answer: ReturnType<typeof handle> | undefined
  return (event: APIGatewayProxyEventV2 | Tick, context: LambdaContext) =>
    invoke(async (service): Promise<APIGatewayProxyStructuredResultV2> => {
      if (!('rawPath' in event)) {
        await runTick(service, context)
        return { statusCode: 204 }
      }
      const { rawPath } = event
      const path = climbs(rawPath) ? '/' : rawPath.startsWith(`${prefix}/`) ? rawPath.slice(prefix.length) : rawPath
      const inner = {
        ...event,
        rawPath: path,
        requestContext: { ...event.requestContext, http: { ...event.requestContext.http, path } },
      }
      answer ??= handle(service.app, { isContentTypeBinary })
      return (await answer(inner as never, context)) as APIGatewayProxyStructuredResultV2
    })
}
