/** Headers of every answer: it is data for programs, so a browser may do nothing with it by itself. */
const security: Record<string, string> = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-site',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'cache-control': 'no-store',
}

const exposed =
  'ETag, X-Request-Id, Topic-Seq, Idempotency-Replayed, RateLimit, RateLimit-Policy, Retry-After, Location, Content-Disposition'
const asked = 'Authorization, Content-Type, Idempotency-Key, If-Match, Last-Event-ID, X-Request-Id, Traceparent'

/** The common headers of an answer to a request from `origin`; CORS only for origins on the allow-list, never by echo of others. */
export const commonHeaders = (allowed: readonly string[], origin: string | undefined): Record<string, string> => {
  if (origin === undefined || !allowed.includes(origin)) return { ...security, vary: 'Origin' }
  return {
    ...security,
    vary: 'Origin',
    'access-control-allow-origin': origin,
    'access-control-expose-headers': exposed,
  }
}

/** The answer to a preflight: what an allowed origin may send. */
export const preflight = (allowed: readonly string[], origin: string | undefined) =>
  new Response(null, {
    status: 204,
    headers:
      origin !== undefined && allowed.includes(origin)
        ? {
            ...commonHeaders(allowed, origin),
            'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE',
            'access-control-allow-headers': asked,
            'access-control-max-age': '600',
          }
        : commonHeaders(allowed, origin),
  })
