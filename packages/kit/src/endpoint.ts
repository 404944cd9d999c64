import { createHash } from 'node:crypto'
import type { RouteSpec } from '@wealist/contract/route'
import type { Context } from 'hono'
import { type Actor, isAtLeast } from './actor.ts'
import { admit } from './admission.ts'
import { type Answer, answerError, answerOf, ifMatch, takesIfMatch } from './answer.ts'
import type { Base, RequestInfo } from './context.ts'
import { requestContext } from './context.open.ts'
import { forbidden, unavailable } from './errors.ts'
import { commonHeaders } from './headers.ts'
import { type Claim, claim, release, storeAnswer } from './idempotency.ts'
import { type EventStream, eventStreamHeaders } from './live/sse.ts'
import { bodyOf } from './live/sse-body.ts'
import type { Mounted } from './mount.ts'
import { pageRequest } from './page.ts'
import { parse } from './request.ts'
import { requestInfo } from './request-info.ts'
import type { Runtime } from './start.ts'

/**
 * One mounted route as a Hono handler: request → who asks (401) → limit (429) → input (404, 400) → role (403) →
 * Idempotency-Key → the rule → answer, always with the contract's headers, a metric and a line in the log.
 */
export const endpoint = (runtime: Runtime, { route, handler }: Mounted) => {
  const { base, shared, observe } = runtime
  const paged = route.query !== undefined && 'cursor' in route.query.shape
  const run = handler as (ctx: unknown, input: unknown) => unknown

  const serve = async (
    c: Context,
    info: RequestInfo,
    headers: Record<string, string>,
    who: { actor?: Actor },
  ): Promise<Response | Answer | EventStream> => {
    const actor = (who.actor = await admit(runtime, route, info, headers))
    const input = await parse(route, c.req.param() as Record<string, string>, info.raw)
    if (route.stream && !base.resident) throw unavailable('Streams have a function of their own.')
    if (route.access === 'role' && !(actor.kind === 'person' && isAtLeast(actor.role, route.role ?? 'admin')))
      throw forbidden(`This needs the platform role ${route.role ?? 'admin'}.`)
    if (takesIfMatch(route)) info.ifMatch = ifMatch(info.header('if-match'))
    const page = paged ? pageRequest(route.path, input.params, input.query) : undefined
    const key = route.idempotent ? info.header('idempotency-key') : undefined
    const kept = key === undefined ? undefined : await claimOf(base, route, actor, key, input)
    if (kept?.state === 'answered') return { ...kept, headers: { ...kept.headers, 'idempotency-replayed': 'true' } }

    // A stream has no end that a connection could go on after.
    if (route.stream && info.raw.method === 'HEAD') return { status: 200, headers: eventStreamHeaders, body: null }

    const ctx = requestContext(shared, { runtime, route, actor, info, headers, claim: kept })
    try {
      const given = await run(ctx, { ...input, page })
      if (given instanceof Response) return given
      if (route.stream) return given as EventStream
      const answer = answerOf(route, given)
      if (kept && !kept.stored) await storeAnswer(base.db, kept, answer)
      return answer
    } catch (error) {
      if (kept && !kept.stored) await release(base.db, kept).catch(() => undefined)
      throw error
    }
  }

  return async (c: Context): Promise<Response> => {
    const start = performance.now()
    const info = requestInfo(c, base.config)
    const headers = commonHeaders(base.config.CORS_ORIGINS, info.header('origin'))
    headers['x-request-id'] = info.id
    const who: { actor?: Actor } = {}
    let answer: Response | Answer | EventStream
    try {
      answer = await serve(c, info, headers, who)
    } catch (error) {
      answer = answerError(error, info.id)
      if (answer.status >= 500) base.log.error({ requestId: info.id, route: route.path, err: error }, 'request failed')
    }
    const ms = performance.now() - start
    const status = 'open' in answer ? 200 : answer.status
    observe(route.method, route.path, status, ms)
    base.log.info(
      {
        requestId: info.id,
        method: route.method,
        route: route.path,
        status,
        ms: Math.round(ms * 10) / 10,
        actor: idOf(who.actor),
      },
      'request',
    )
    if ('open' in answer) {
      const all = { ...headers, ...eventStreamHeaders }
      const carrier = c.env as Carrier | undefined
      return carrier?.stream?.(all, answer) ?? new Response(bodyOf(answer), { headers: all })
    }
    return answer instanceof Response
      ? new Response(answer.body, {
          status: answer.status,
          headers: { ...headers, ...Object.fromEntries(answer.headers) },
        })
      : new Response(answer.body, { status: answer.status, headers: { ...headers, ...answer.headers } })
  }
}

/** What carries requests here may write streams by itself, faster than as a web response. */
export interface Carrier {
  stream?(headers: Record<string, string>, stream: EventStream): Response
}

const idOf = (actor: Actor | undefined) =>
  actor?.kind === 'person' ? actor.id : actor?.kind === 'service' ? actor.name : undefined

type Kept =
  | (Claim & { state: 'claimed'; stored?: boolean })
  | { state: 'answered'; status: number; headers: Record<string, string>; body: string | null }

const claimOf = async (base: Base, route: RouteSpec, actor: Actor, key: string, input: unknown): Promise<Kept> => {
  const hash = createHash('sha256').update(JSON.stringify(input)).digest('hex')
  return claim(base.db, { actor: idOf(actor) ?? 'anonymous', route: `${route.method} ${route.path}`, key, hash })
}
