/** Why a socket or stream ends, and what its client does then. The frame `bye { code, retryAfter? }` comes before. */
export const closeCodes = {
  done: 1000,
  tooLarge: 1009,
  /** The process goes: come back with jitter, and resume. */
  restarting: 1012,
  protocol: 4400,
  /** Not signed in, expired or revoked: a new ticket first. */
  unauthorized: 4401,
  /** No longer allowed: do not come back. */
  forbidden: 4403,
  unknown: 4404,
  /** Did not read fast enough: resume. */
  tooSlow: 4408,
  tooMany: 4429,
} as const

export type CloseCode = (typeof closeCodes)[keyof typeof closeCodes]

/** The close code that says what an error of the contract says. */
export const closeCodeOf = (error: string | undefined): CloseCode => {
  if (error === 'UNAUTHORIZED') return closeCodes.unauthorized
  if (error === 'FORBIDDEN') return closeCodes.forbidden
  if (error === 'NOT_FOUND') return closeCodes.unknown
  if (error === 'RATE_LIMITED') return closeCodes.tooMany
  return error === 'VALIDATION_ERROR' ? closeCodes.protocol : closeCodes.restarting
}
