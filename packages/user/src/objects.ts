import { CopyObjectCommand, DeleteObjectsCommand, GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { createPresignedPost } from '@aws-sdk/s3-presigned-post'
import { conflict, unavailable } from '@wealist/kit/errors'

export interface ObjectsOptions {
  endpoint: string | undefined
  region: string
  bucket: string
  accessKeyId: string | undefined
  secretAccessKey: string | undefined
}

/** What S3 really holds under a key. `start` are its first 32 bytes. */
export interface Stored {
  size: number
  contentType: string
  etag: string
  start: Uint8Array
}

/** The bucket, as far as avatars need it. */
export const openObjects = ({ endpoint, region, bucket, accessKeyId, secretAccessKey }: ObjectsOptions) => {
  const client = new S3Client({
    region,
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 1000, requestTimeout: 5000 },
    ...(endpoint && { endpoint, forcePathStyle: true }),
    ...(accessKeyId && secretAccessKey && { credentials: { accessKeyId, secretAccessKey } }),
  })
  return {
    /** A form that stores one file of this type and at most `maxBytes` under this key. */
    form: (
      key: string,
      { contentType, maxBytes, expires }: { contentType: string; maxBytes: number; expires: number },
    ) =>
      createPresignedPost(client, {
        Bucket: bucket,
        Key: key,
        Fields: { 'Content-Type': contentType },
        Conditions: [
          ['content-length-range', 1, maxBytes],
          ['eq', '$Content-Type', contentType],
        ],
        Expires: expires,
      }),

    inspect: async (key: string): Promise<Stored | undefined> => {
      try {
        const got = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key, Range: 'bytes=0-31' }))
        return {
          size: Number(got.ContentRange?.split('/')[1] ?? got.ContentLength),
          contentType: got.ContentType ?? '',
          etag: got.ETag ?? '',
          start: await got.Body!.transformToByteArray(),
        }
      } catch (error) {
        if ((error as Error).name === 'NoSuchKey') return undefined
        throw readable(error)
      }
    },

    /** Copies exactly what was inspected (409 where it is another object by now), to be kept by browsers for ever: its key is never written again. */
    publish: async ({ from, to, stored }: { from: string; to: string; stored: Stored }) => {
      const copy = new CopyObjectCommand({
        Bucket: bucket,
        CopySource: `${bucket}/${from}`,
        CopySourceIfMatch: stored.etag,
        Key: to,
        MetadataDirective: 'REPLACE',
        ContentType: stored.contentType,
        CacheControl: 'public, max-age=31536000, immutable',
      })
      await client.send(copy).catch((error: unknown) => Promise.reject(readable(error)))
    },

    remove: async (keys: string[]) => {
      const Delete = { Objects: keys.map((Key) => ({ Key })), Quiet: true }
      const { Errors: left = [] } = await client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete }))
      if (left.length > 0) throw new Error(`S3 did not delete ${left.length} of ${keys.length}: ${left[0]!.Code}`)
    },

    close: () => client.destroy(),
  }
}

// What S3 says of a request is ours to mend; that it is away or overloaded is the caller's to know.
const readable = (error: unknown): unknown => {
  const { name, $metadata } = error as { name?: string; $metadata?: { httpStatusCode?: number } }
  if (name === 'PreconditionFailed') return conflict('Another file was uploaded meanwhile. Confirm again.')
  const status = $metadata?.httpStatusCode
  if (status !== undefined && status < 500) return error
  return Object.assign(unavailable('Files are away for a moment.'), { cause: error })
}
