import type { IncomingMessage } from 'node:http'
import { AwsV4Signer } from 'aws4fetch'

/** The keys that every function here has, as its role would give it. */
export const keys = { accessKeyId: 'local-lambda', secretAccessKey: 'local-lambda-secret' }
export const region = 'ap-northeast-2'

/**
 * Whether a call to a Function URL is signed with those keys: the same request, signed again at the time that it names,
 * must come out the same. The body counts by the hash that is among the signed headers, or is not in it at all.
 */
export const isSigned = async (request: IncomingMessage, body: Buffer): Promise<boolean> => {
  const { authorization, 'x-amz-date': datetime, host } = request.headers
  const names = /SignedHeaders=([^,]+)/.exec(authorization ?? '')?.[1]?.split(';')
  if (!authorization || !names || typeof datetime !== 'string') return false
  // As the one who signed saw them; the rest was added on the way.
  const headers = Object.fromEntries(
    names.filter((n) => n !== 'host').map((n) => [n, String(request.headers[n] ?? '')]),
  )
  const signer = new AwsV4Signer({
    ...keys,
    region,
    service: 'lambda',
    method: request.method ?? 'GET',
    url: `http://${host}${request.url}`,
    headers,
    ...(body.length > 0 && { body }),
    datetime,
  })
  const again = await signer.sign()
  return new Headers(again.headers).get('authorization') === authorization
}
