import { call, type CallOptions } from '@wealist/contract/call'
import type { CallInput, Output, RouteSpec } from '@wealist/contract/route'
import { type ServiceName, topology } from '@wealist/contract/topology'
import type { Config } from './config.ts'
import { codeOf, Problem } from './errors.ts'

export type Call = <R extends RouteSpec>(peer: ServiceName, route: R, input: CallInput<R>) => Promise<Output<R>>

/** What goes along from the request that caused the call. */
export interface Trace {
  id?: string
  traceparent?: string | undefined
}

/**
 * Calls to peers over HTTP. The internal key goes along; 2 s at most a try (10 s over `transport`, behind which the peer
 * may have to start first); what is idempotent (all but POST and PATCH)
 * is tried again once when the peer could not be reached. Only edges of the topology are called.
 */
export const openPeers = (from: ServiceName, config: Config, transport?: CallOptions['fetch']) => {
  const allowed: readonly string[] = topology[from].calls
  const patience = transport ? 10_000 : 2000
  return (trace: Trace): Call =>
    async (peer, route, input) => {
      if (!allowed.includes(peer)) throw new Error(`${from} → ${peer} is not an edge of the topology`)
      const upper = peer.toUpperCase() as Uppercase<ServiceName>
      const key = config[`${upper}_KEY`]
      const headers: Record<string, string> = { 'x-wealist-caller': from }
      if (key) headers['x-internal-api-key'] = key
      if (trace.id) headers['x-request-id'] = trace.id
      if (trace.traceparent) headers['traceparent'] = trace.traceparent
      const once = () =>
        call(route, input, {
          base: config[`${upper}_URL`],
          headers,
          signal: AbortSignal.timeout(patience),
          ...(transport && { fetch: transport }),
        })
      const retried = route.method !== 'POST' && route.method !== 'PATCH'
      return once()
        .catch((error: unknown) =>
          retried && codeOf(error) === 'UNAVAILABLE' ? pause().then(once) : Promise.reject(error),
        )
        .catch((error: unknown) => Promise.reject(fromPeer(error, peer)))
    }
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 100))

// A peer that refuses our key or breaks is our trouble, not the caller's: they must not read it as their own 401.
const fromPeer = (error: unknown, peer: ServiceName) => {
  const code = codeOf(error)
  return code === 'UNAUTHORIZED' || code === 'INTERNAL_ERROR' || code === 'RATE_LIMITED'
    ? new Problem('UNAVAILABLE', `${peer} could not answer.`, { cause: error, headers: { 'retry-after': '2' } })
    : error
}
