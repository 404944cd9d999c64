import type { Overrides } from './base.ts'
import { codeOf, unauthorized } from './errors.ts'
import type { Env } from './config.ts'
import { type CloseCode, closeCodeOf, closeCodes } from './live/close-codes.ts'
import { openInvocations } from './lambda-invocations.ts'
import { onFrame } from './live/lambda-frames.ts'
import * as registry from './live/lambda.redis.ts'
import type { Kept } from './live/lambda.redis.ts'
import { socketAt } from './live/socket-route.ts'
import type { ServiceSpec } from './service.ts'
import type { Running } from './start.ts'
import type * as z from 'zod'

/** An event of API Gateway's WebSocket API, as far as it is looked at; anything else is the minute's schedule. */
interface SocketEvent {
  requestContext?: { routeKey: string; connectionId: string; identity?: { sourceIp?: string } }
  headers?: Record<string, string | undefined>
  queryStringParameters?: Record<string, string | undefined>
  body?: string
}

/**
 * The sockets of a service behind API Gateway: `$connect`, `$default` and `$disconnect` of one function. A connection is
 * let in and says nothing before its first frame, since nothing can be posted to it before `$connect` has returned.
 */
export const lambdaSocket = <S extends z.ZodObject, D extends object>(
  spec: ServiceSpec<S, D>,
  env: Env = process.env,
  overrides: Overrides = {},
) => {
  const invoke = openInvocations(spec, env, overrides)
  return (event: SocketEvent) =>
    invoke(async (service): Promise<{ statusCode: number }> => {
      const { gateway } = service.live
      if (!gateway) throw new Error('WEBSOCKET_API_URL is not set: nothing could be said on a socket')
      const { requestContext: at } = event
      if (!at) {
        await gateway.live.sweep()
        return { statusCode: 204 }
      }
      if (at.routeKey === '$connect') return connect(service as Running, at.connectionId, event)
      const [kept] = await registry.find(service.base, [at.connectionId])
      if (at.routeKey === '$disconnect') {
        await registry.drop(service.base, at.connectionId)
        if (kept?.versions) await gateway.live.present(kept, null, true)
      } else if (kept) await onFrame(gateway.handling, kept, event.body ?? '')
      else await gateway.posts.bye(at.connectionId, closeCodes.restarting)
      return { statusCode: 200 }
    })
}

const connect = async (
  { base, spec }: Running,
  id: string,
  { headers = {}, queryStringParameters: query = {} }: SocketEvent,
) => {
  const header = (name: string) => Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1]
  const origin = header('origin')
  if (origin !== undefined && !base.config.CORS_ORIGINS.includes(origin)) return { statusCode: 403 }
  const { path = '', ticket, ...asked } = query
  const found = socketAt(spec.sockets ?? [], path.replace(`/api/svc/${spec.name}`, ''), asked)
  const signIn = async () => {
    const who = ticket === undefined ? await base.auth.actor(header) : await base.auth.ticket(ticket)
    if (!who) throw unauthorized('A socket needs a ticket.')
    return who
  }
  const person = await signIn().catch((error: unknown): CloseCode => closeCodeOf(codeOf(error)))
  const at = base.clock.now()
  const refused = typeof person === 'number' ? person : 'refused' in found ? found.refused : undefined
  if (typeof person === 'number' || 'refused' in found) {
    // Nobody yet, for as long as it takes to say so.
    const nobody = { kind: 'person', id: '', exp: at / 1000 + 60 } as unknown as Kept['person']
    await registry.keep(base, { id, at, route: '', given: {}, person: nobody, refused: refused! })
  } else await registry.keep(base, { id, at, route: found.socket.route.path, given: found.given, person })
  return { statusCode: 200 }
}
