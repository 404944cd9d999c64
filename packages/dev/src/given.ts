import { Redis } from 'ioredis'
import { asAdministrator } from './databases.ts'
import type { LocalWorld } from './environment.ts'

// Real servers in place of embedded parts. What is wrong with one is said in a sentence, before anything is built on it.

const cannot = (what: string) => (error: unknown) => {
  const { code, message, $metadata } = error as NodeJS.ErrnoException & { $metadata?: { httpStatusCode?: number } }
  const refused = $metadata?.httpStatusCode === 403 ? 'its credentials are refused' : undefined
  throw new Error(`${what}: ${refused ?? (message || code || String(error))}`, { cause: error })
}

/** `DATABASE_URL`, once an administrator of a PostgreSQL 17 has answered there. */
export const givenPostgres = async (url: string) => {
  const ask = asAdministrator(url, (client) =>
    client.query<{ version: string; enough: boolean }>(
      `select current_setting('server_version') as version, current_setting('server_version_num')::int >= 170000 as enough`,
    ),
  )
  const { rows } = await ask.catch(cannot('DATABASE_URL gives no way in'))
  if (!rows[0]!.enough) throw new Error(`DATABASE_URL is a PostgreSQL ${rows[0]!.version}; weAlist needs 17 or newer.`)
  return { url }
}

/** `REDIS_URL`, once it has answered. */
export const givenRedis = async (url: string) => {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null, connectTimeout: 5000 })
  let why: unknown
  redis.on('error', (error) => (why ??= error))
  await redis
    .ping()
    .catch((error: unknown) => cannot('REDIS_URL does not answer')(why ?? error))
    .finally(() => redis.disconnect())
  return { url }
}

/**
 * `S3_ENDPOINT`, with its credentials from the environment. The bucket is made where it is missing, with avatars public,
 * since browsers read them; `note` gets a sentence where the server knows no policies.
 */
export const givenS3 = async (
  endpoint: string,
  bucket: string,
  note: (text: string) => void,
): Promise<LocalWorld['s3']> => {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = process.env
  if (!accessKeyId || !secretAccessKey)
    throw new Error('S3_ENDPOINT is set: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, its credentials, too.')
  // Loading the SDK takes a while, and most starts do not need it here.
  const sdk = await import('@aws-sdk/client-s3')
  const client = new sdk.S3Client({
    endpoint,
    region: 'ap-northeast-2',
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  })
  const Bucket = bucket
  const make = async () => {
    await client.send(new sdk.CreateBucketCommand({ Bucket }))
    await client
      .send(new sdk.PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify(publicAvatars(bucket)) }))
      .catch(() => note(`${endpoint} takes no bucket policy: let everybody read ${bucket}/avatars/* there by hand`))
  }
  try {
    await client
      .send(new sdk.HeadBucketCommand({ Bucket }))
      .catch((error: unknown) => (error instanceof sdk.NotFound ? make() : Promise.reject(error)))
  } catch (error) {
    cannot(`S3_ENDPOINT does not give the bucket "${bucket}"`)(error)
  } finally {
    client.destroy()
  }
  return { endpoint, bucket, accessKeyId, secretAccessKey }
}

const publicAvatars = (bucket: string) => ({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: ['*'] },
      Action: ['s3:GetObject'],
      Resource: [`arn:aws:s3:::${bucket}/avatars/*`],
    },
  ],
})
