import type { ErrorBody } from '@wealist/contract/problem'
import type { RouteSpec } from '@wealist/contract/route'
import { notFound, Problem, stale } from './errors.ts'
import { Reply, textOf } from './json.ts'

/** An answer ready to be sent, or to be kept for an Idempotency-Key. */
export interface Answer {
  status: number
  headers: Record<string, string>
  body: string | null
}

/**
 * What a handler gave as an answer of its route. Nothing where the route promises something is 404. A versioned
 * resource carries its version as ETag.
 */
export const answerOf = (route: RouteSpec, given: unknown): Answer => {
  const { body: value, headers: more } = given instanceof Reply ? given : { body: given, headers: {} }
  const status = route.status ?? 200
  if (status === 204 || status === 302) return { status, headers: more, body: null }
  if (value === undefined) throw notFound()
  const body = textOf(value)
  const headers: Record<string, string> = { 'content-type': 'application/json', ...more }
  const version = route.versioned ? /"version":(\d+)/.exec(body)?.[1] : undefined
  if (version !== undefined) headers['etag'] = `"${version}"`
  return { status, headers, body }
}

/** Whether a route may be told by `If-Match` which version it changes: not where it makes what has none yet. */
export const takesIfMatch = ({ versioned = false, method, status }: RouteSpec) =>
  versioned && method !== 'GET' && status !== 201

/** The version that `If-Match` names; undefined for none or `*`. One that no resource could have is stale. */
export const ifMatch = (header: string | undefined) => {
  if (header === undefined || header.trim() === '*') return undefined
  const version = /^(?:W\/)?"(\d{1,9})"$/.exec(header.trim())?.[1]
  if (version === undefined) throw stale()
  return Number(version)
}

/** An error as the contract words it. What is not a `Problem` is a 500 that never shows why. */
export const answerError = (error: unknown, requestId: string): Answer => {
  const problem =
    error instanceof Problem
      ? error
      : new Problem(
          'INTERNAL_ERROR',
          'Something went wrong on our side. Try again; tell us the request id if it stays.',
        )
  const { code, message, details } = problem
  const body: ErrorBody = { error: { code, message, ...(details && { details }), requestId } }
  return {
    status: problem.status,
    headers: { 'content-type': 'application/json', ...problem.headers },
    body: JSON.stringify(body),
  }
}
