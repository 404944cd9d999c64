import { CopyObjectCommand, DeleteObjectsCommand, GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { createPresignedPost } from '@aws-sdk/s3-presigned-post'

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
        throw error
      }
    },

    /** Copies exactly what was inspected, to be kept by browsers for ever: its key is never written again. */
    publish: async ({ from, to, stored }: { from: string; to: string; stored: Stored }) => {
      await client.send(
        new CopyObjectCommand({
          Bucket: bucket,
          CopySource: `${bucket}/${from}`,
          CopySourceIfMatch: stored.etag,
          Key: to,
          MetadataDirective: 'REPLACE',
          ContentType: stored.contentType,
          CacheControl: 'public, max-age=31536000, immutable',
        }),
      )
    },

    remove: async (keys: string[]) => {
      await client.send(
        new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: keys.map((Key) => ({ Key })), Quiet: true } }),
      )
    },

    close: () => client.destroy(),
  }
}
