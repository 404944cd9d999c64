import * as z from 'zod'

/** The closed list of error codes and the HTTP status each one has. */
export const statuses = {
  VALIDATION_ERROR: 400,
  UNAUTHORIZED: 401,
  TOKEN_REUSED: 401,
  FORBIDDEN: 403,
  ACCOUNT_SUSPENDED: 403,
  QUOTA_EXCEEDED: 403,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  CONFLICT: 409,
  VERSION_MISMATCH: 412,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  IDEMPOTENCY_MISMATCH: 422,
  RATE_LIMITED: 429,
  INTERNAL_ERROR: 500,
  UNAVAILABLE: 503,
} as const

export const ErrorCode = z.enum(Object.keys(statuses) as [keyof typeof statuses, ...(keyof typeof statuses)[]])
export type ErrorCode = z.infer<typeof ErrorCode>

/** The body of every error answer. `details` of a `VALIDATION_ERROR` is the list of what is wrong, a path each. */
export const ErrorBody = z
  .strictObject({
    error: z.strictObject({
      code: ErrorCode,
      message: z.string(),
      details: z.array(z.strictObject({ path: z.string(), message: z.string() })).optional(),
      requestId: z.string(),
    }),
  })
  .meta({ id: 'Error' })
export type ErrorBody = z.infer<typeof ErrorBody>
export type Details = NonNullable<ErrorBody['error']['details']>

/**
 * An error of the contract, free of transport: thrown by rules, mapped to the wire once by kit, and thrown again by
 * `call()` on the other side, so that a caller handles one vocabulary.
 */
export class Problem extends Error {
  readonly code: ErrorCode
  readonly details: Details | undefined
  /** Of its answer, such as `retry-after` in seconds. */
  readonly headers: Record<string, string> | undefined
  /** Of the request that it answered: what a person tells us when they ask. Known to callers only. */
  readonly requestId: string | undefined
  constructor(
    code: ErrorCode,
    message: string,
    more: { details?: Details; headers?: Record<string, string>; requestId?: string; cause?: unknown } = {},
  ) {
    super(message, { cause: more.cause })
    this.name = 'Problem'
    this.code = code
    this.details = more.details
    this.headers = more.headers
    this.requestId = more.requestId
  }
  get status() {
    return statuses[this.code]
  }
}
