import { ErrorBody, Problem } from './problem.ts'
import type { CallInput, Output, RouteSpec } from './route.ts'

/** Where and as whom to call. `base` is the service's root, outside `https://…/api/svc/<name>`. */
export interface CallOptions {
  base: string
  token?: string
  headers?: Record<string, string>
  signal?: AbortSignal
  fetch?: (request: string, init: RequestInit) => Promise<Response>
}

/** The URL of a call, every parameter encoded. */
export const urlOf = (base: string, route: RouteSpec, input: { params?: unknown; query?: unknown }) => {
  const params = (input.params ?? {}) as Record<string, string>
  const path = route.path.replace(/\{(\w+)\}/g, (_, key: string) => encodeURIComponent(String(params[key])))
  const query = new URLSearchParams()
  for (const [key, value] of Object.entries((input.query ?? {}) as Record<string, unknown>))
    for (const [name, one] of named(key, value)) if (one !== undefined && one !== null) query.append(name, String(one))
  return base + path + (query.size ? `?${query}` : '')
}

const named = (key: string, value: unknown): [string, unknown][] => {
  if (Array.isArray(value)) return value.map((one) => [key, one])
  if (typeof value !== 'object' || value === null) return [[key, value]]
  return Object.entries(value).map(([inner, one]) => [`${key}.${inner}`, one])
}

/**
 * Calls a route and gives its answer, typed by the contract. Throws the `Problem` that the service answered, with its
 * `requestId` and `retry-after`; what is not an answer of the contract (a proxy's page, a broken connection, a call that
 * was called off) is `UNAVAILABLE`, with the cause. `Idempotency-Key` and `If-Match`, `"<version>"`, go by `headers`.
 */
export const call = async <R extends RouteSpec>(
  route: R,
  input: CallInput<R>,
  options: CallOptions,
): Promise<Output<R>> => {
  const { body } = input as { body?: unknown }
  const headers: Record<string, string> = { accept: 'application/json', ...options.headers }
  if (options.token) headers['authorization'] = `Bearer ${options.token}`
  if (body !== undefined) headers['content-type'] = 'application/json'
  const init: RequestInit = { method: route.method, headers, redirect: 'manual' }
  if (body !== undefined) init.body = JSON.stringify(body)
  if (options.signal) init.signal = options.signal
  const response = await (options.fetch ?? fetch)(urlOf(options.base, route, input as object), init).catch(
    (cause: unknown) => {
      throw new Problem('UNAVAILABLE', `${route.method} ${route.path} could not be reached`, { cause })
    },
  )
  if (response.status === 204) return undefined as Output<R>
  const answer: unknown = await response.json().catch(() => undefined)
  if (response.ok && answer !== undefined) return answer as Output<R>
  const problem = ErrorBody.safeParse(answer)
  if (!problem.success)
    throw new Problem(
      'UNAVAILABLE',
      `${route.method} ${route.path} answered ${response.status} without a body of the contract`,
    )
  const { code, message, details, requestId } = problem.data.error
  const after = response.headers.get('retry-after')
  throw new Problem(code, message, {
    requestId,
    ...(details && { details }),
    ...(after !== null && { headers: { 'retry-after': after } }),
  })
}
