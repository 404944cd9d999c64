import { type Details, type ErrorCode, Problem } from '@wealist/contract/problem'

export { Problem }

/** 404: it does not exist, or the actor may not know that it does. */
export const notFound = (what = 'This') => new Problem('NOT_FOUND', `${what} does not exist or is not yours to see.`)
/** 403: the actor sees it and may not do this. `message` says who could. */
export const forbidden = (message = 'You may see this but not do this.') => new Problem('FORBIDDEN', message)
/** 401: not signed in, or no longer. */
export const unauthorized = (message = 'Sign in first.') =>
  new Problem('UNAUTHORIZED', message, { headers: { 'www-authenticate': 'Bearer' } })
/** 400, with a path and a sentence for each thing that is wrong. */
export const invalid = (details: Details) =>
  new Problem('VALIDATION_ERROR', 'The request is not valid; details say what to change.', { details })
/** 409: the state of things does not allow it now. */
export const conflict = (message: string) => new Problem('CONFLICT', message)
/** 409: it is there already. */
export const alreadyExists = (message: string) => new Problem('ALREADY_EXISTS', message)
/** 412: somebody changed it since the version that the caller read. */
export const stale = () =>
  new Problem('VERSION_MISMATCH', 'It was changed since you read it. Read it again, then repeat the change.')
/** 503: something this needs is away; the caller may try again after `retryAfter` seconds. */
export const unavailable = (message: string, retryAfter = 2) =>
  new Problem('UNAVAILABLE', message, { headers: { 'retry-after': String(retryAfter) } })

/** The code of an error of the contract, or undefined for any other error. */
export const codeOf = (error: unknown): ErrorCode | undefined => (error instanceof Problem ? error.code : undefined)
