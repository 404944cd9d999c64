import type { CallOptions } from '@wealist/contract/call'
import { AwsClient } from 'aws4fetch'
import type { Env } from './config.ts'

/**
 * Calls to a peer's Function URL, signed (SigV4) with the role of this function. Lambda renews the keys with the process,
 * so they are read once.
 */
export const openSigned = (env: Env): NonNullable<CallOptions['fetch']> => {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_REGION: region } = env
  if (!accessKeyId || !secretAccessKey || !region)
    throw new Error('PEER_AUTH=iam needs the keys and the region that Lambda gives a function: it is for Lambda alone')
  const aws = new AwsClient({
    accessKeyId,
    secretAccessKey,
    region,
    service: 'lambda',
    ...(env['AWS_SESSION_TOKEN'] && { sessionToken: env['AWS_SESSION_TOKEN'] }),
  })
  return async (url, init) => {
    const { signal, ...signed } = init
    return fetch(await aws.sign(url, signed), { signal: signal ?? null })
  }
}
