import { call } from '@wealist/contract/call'
import { Problem } from '@wealist/contract/problem'
import type { CallInput, Output, RouteSpec } from '@wealist/contract/route'
import type { ServiceName } from '@wealist/contract/topology'
import { keepPreviousData, QueryClient, queryOptions } from '@tanstack/react-query'
import { apiUrl } from './config.ts'
import { reached } from './connection.ts'
import { current, refresh } from './session.ts'

interface More {
  signal?: AbortSignal
  /** The version of what is changed. */
  version?: number
}

/** Calls a route of the contract as whoever is signed in; an access token that has run out is renewed on the way. */
export const ask = async <R extends RouteSpec>(
  service: ServiceName,
  route: R,
  input: CallInput<R>,
  { signal, version }: More = {},
): Promise<Output<R>> => {
  const session = current()
  if (!session) throw new Problem('UNAUTHORIZED', 'Sign in first.')
  const once = (token: string) =>
    call(route, input, {
      base: `${apiUrl}/api/svc/${service}`,
      token,
      ...(signal && { signal }),
      ...(version !== undefined && { headers: { 'if-match': `"${version}"` } }),
    })
  try {
    const answer = await once(session.accessToken).catch(async (error: unknown) => {
      if (!(error instanceof Problem) || error.code !== 'UNAUTHORIZED') throw error
      return once((await refresh(session.accessToken)).accessToken)
    })
    reached(true)
    return answer
  } catch (error) {
    // What was called off says nothing; any answer, also a refusal, says that there is a connection.
    if (!signal?.aborted) reached(!(error instanceof Problem && error.cause instanceof TypeError))
    throw error
  }
}

export const client = new QueryClient({
  defaultOptions: {
    queries: {
      networkMode: 'always',
      staleTime: 1000,
      retry: (count, error) => count < 1 && error instanceof Problem && error.code === 'UNAVAILABLE',
      retryDelay: 500,
    },
    mutations: { networkMode: 'always' },
  },
})

/** A route of ops as a query that is asked again every `every` milliseconds. */
export const reading = <R extends RouteSpec>(route: R, input: CallInput<R>, every?: number) =>
  queryOptions({
    queryKey: [route.path, input],
    queryFn: ({ signal }) => ask('ops', route, input, { signal }),
    placeholderData: keepPreviousData,
    ...(every && { refetchInterval: every }),
  })
