import type { IncomingMessage } from 'node:http'
import { S3Error } from './s3-error.ts'

export interface Cors {
  /** Who may ask from a browser; `*` for anybody. */
  origins: readonly string[]
}

const methods = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE']

/** The headers that let a page of an allowed origin read an answer; none for anybody else. */
export const corsHeaders = ({ headers: { origin } }: IncomingMessage, { origins }: Cors): Record<string, string> => {
  if (origin === undefined) return {}
  const allowed = origins.includes('*') ? '*' : origins.includes(origin) ? origin : undefined
  return {
    vary: 'origin',
    ...(allowed && {
      'access-control-allow-origin': allowed,
      'access-control-allow-methods': methods.join(', '),
      'access-control-expose-headers': 'ETag, Content-Range, Content-Disposition, Accept-Ranges, x-amz-request-id',
    }),
  }
}

/** What a preflight is answered with besides; throws where its origin or method is not allowed. */
export const preflight = ({ headers }: IncomingMessage, cors: Record<string, string>) => {
  if (!cors['access-control-allow-origin'] || !methods.includes(headers['access-control-request-method'] ?? ''))
    throw new S3Error(403, 'AccessForbidden', 'CORSResponse: This CORS request is not allowed.')
  const asked = headers['access-control-request-headers']
  return { 'access-control-max-age': '600', ...(asked && { 'access-control-allow-headers': asked }) }
}
