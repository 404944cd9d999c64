import { topology } from '@wealist/contract/topology'
import { handle, type LambdaContext } from 'hono/aws-lambda'
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import type * as z from 'zod'
import { type Env } from './config.ts'
import { type Running, type ServiceSpec, start } from './service.ts'

/**
 * The Lambda adapter: API Gateway HTTP events (payload 2.0) of one service. Starts once a process; a start that fails is
 * tried again by the next event. Takes paths with and without the public prefix, which API Gateway cannot strip.
 */
export const lambda = <S extends z.ZodObject, D extends object>(spec: ServiceSpec<S, D>, env: Env = process.env) => {
  const prefix = `/api/svc/${spec.name}`
  const pool = topology[spec.name].database === null ? {} : { DATABASE_POOL: '2' }
  let running: Promise<{ service: Running<D>; answer: ReturnType<typeof handle> }> | undefined
  const open = async () => {
    const service = await start(spec, { ...pool, ...env }, { resident: false })
    return { service, answer: handle(service.app) }
  }
  return async (event: APIGatewayProxyEventV2, context: LambdaContext): Promise<APIGatewayProxyStructuredResultV2> => {
    running ??= open()
    const { service, answer } = await running.catch((error: unknown) => {
      running = undefined
      throw error
    })
    const path = event.rawPath.startsWith(`${prefix}/`) ? event.rawPath.slice(prefix.length) : event.rawPath
    const inner = {
      ...event,
      rawPath: path,
      requestContext: { ...event.requestContext, http: { ...event.requestContext.http, path } },
    }
    const result = await answer(inner as never, context)
    // What comes after the answer is frozen with the process, so due jobs run before it, briefly.
    // They stay due when that fails; the answer is what it is.
    await service.jobs
      ?.runDue(300)
      .catch((error: unknown) => service.base.log.error({ err: error }, 'due jobs could not run'))
    return result as APIGatewayProxyStructuredResultV2
  }
}
