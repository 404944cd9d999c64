import * as z from 'zod'
import { disposition, harmless } from './disposition.ts'
import { conflict, unavailable } from './errors.ts'
import { job, type JobCtx } from './jobs.registry.ts'

/** What a service with objects reads from its environment; its `deps.ts` lays it into `Config.extend`. */
export const objectsConfig = {
  S3_BUCKET: z.string().default('wealist').describe('The bucket; only what lies under avatars/ is public'),
  S3_ENDPOINT: z.string().optional().describe('An S3 that is not AWS (MinIO, the stand-in); AWS unless set'),
  S3_REGION: z.string().default('ap-northeast-2').describe('Region of the bucket'),
  S3_ACCESS_KEY_ID: z.string().optional().describe('Key of an S3 that is not AWS; the role of the process unless set'),
  S3_SECRET_ACCESS_KEY: z.string().optional().describe('Its secret'),
}
const Config = z.object(objectsConfig)

/** What S3 really holds under a key. `start` are its first 32 bytes. */
export interface Stored {
  size: number
  contentType: string
  etag: string
  start: Uint8Array
}

/** Bytes that a form takes, and for how many seconds. */
export interface FormLimits {
  contentType: string
  /** 1 unless told. */
  minBytes?: number
  maxBytes: number
  expires: number
}

export type Objects = ReturnType<typeof openObjects>

/** The bucket of a service. 503 where it is away. */
export const openObjects = (config: z.output<typeof Config>) => {
  const { S3_ENDPOINT: endpoint, S3_BUCKET: Bucket, S3_ACCESS_KEY_ID: accessKeyId } = config
  const { S3_SECRET_ACCESS_KEY: secretAccessKey } = config
  const options = {
    region: config.S3_REGION,
    maxAttempts: 2,
    // Otherwise a presigned PUT carries the checksum of an empty body, and every real one is refused.
    requestChecksumCalculation: 'WHEN_REQUIRED' as const,
    // Of silence: without it S3 that answers nothing is waited for without end.
    requestHandler: { connectionTimeout: 1000, socketTimeout: 5000 },
    ...(endpoint && { endpoint, forcePathStyle: true }),
    ...(accessKeyId && secretAccessKey && { credentials: { accessKeyId, secretAccessKey } }),
  }
  const open = async () => {
    const sdk = await import('./objects.sdk.ts')
    return { ...sdk, client: new sdk.S3Client(options) }
  }
  let opened: ReturnType<typeof open> | undefined
  const s3 = () => (opened ??= open())
  return {
    /** The client and its commands, for what only one service does with them. */
    s3,
    bucket: Bucket,

    /** A form that stores one file of this type and of so many bytes under this key. */
    form: async (key: string, { contentType, minBytes = 1, maxBytes, expires }: FormLimits) => {
      const { client, createPresignedPost } = await s3()
      return createPresignedPost(client, {
        Bucket,
        Key: key,
        Fields: { 'Content-Type': contentType },
        Conditions: [
          ['content-length-range', minBytes, maxBytes],
          ['eq', '$Content-Type', contentType],
        ],
        Expires: expires,
      })
    },

    /** An address that gives this object for `expires` seconds, to be saved under this name and never shown in a page. */
    download: async (
      key: string,
      { name, contentType, expires }: { name: string; contentType: string; expires: number },
    ) => {
      const { client, getSignedUrl, GetObjectCommand } = await s3()
      return getSignedUrl(
        client,
        new GetObjectCommand({
          Bucket,
          Key: key,
          ResponseContentDisposition: disposition(name),
          ResponseContentType: harmless(contentType),
        }),
        { expiresIn: expires },
      )
    },

    inspect: async (key: string): Promise<Stored | undefined> => {
      try {
        const { client, GetObjectCommand } = await s3()
        const got = await client.send(new GetObjectCommand({ Bucket, Key: key, Range: 'bytes=0-31' }))
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

    /** Copies exactly what was inspected (409 where it is another object by now) to a key that no form writes to. */
    publish: async ({
      from,
      to,
      stored,
      cacheControl,
    }: {
      from: string
      to: string
      stored: Stored
      cacheControl?: string
    }) => {
      const { client, CopyObjectCommand } = await s3()
      const copy = new CopyObjectCommand({
        Bucket,
        CopySource: `${Bucket}/${from}`,
        CopySourceIfMatch: stored.etag,
        Key: to,
        MetadataDirective: 'REPLACE',
        ContentType: stored.contentType,
        ...(cacheControl && { CacheControl: cacheControl }),
      })
      await client.send(copy).catch((error: unknown) => Promise.reject(readable(error)))
    },

    /** Removes at most 1,000; what is not there counts as removed. */
    remove: async (keys: readonly string[]) => {
      const { client, DeleteObjectsCommand } = await s3()
      const Delete = { Objects: keys.map((Key) => ({ Key })), Quiet: true }
      const { Errors: left = [] } = await client.send(new DeleteObjectsCommand({ Bucket, Delete }))
      if (left.length > 0) throw new Error(`S3 did not delete ${left.length} of ${keys.length}: ${left[0]!.Code}`)
    },

    close: () => void opened?.then(({ client }) => client.destroy()),
  }
}

/** The job `objects.remove { keys }`, at most 1,000 keys: added with the deletion of the rows, tried until S3 agrees. */
export const removeObjects = job(
  'objects.remove',
  z.strictObject({ keys: z.array(z.string()).min(1).max(1000) }),
  (ctx: JobCtx<{ objects: Objects }>, { keys }) => ctx.objects.remove(keys),
)

/** What S3 was asked, with 503 where it is away. */
export const away = <T>(asked: Promise<T>): Promise<T> =>
  asked.catch((error: unknown) => Promise.reject(readable(error)))

// What S3 says of a request is ours to mend; that it is away or overloaded is the caller's to know.
const readable = (error: unknown): unknown => {
  const { name, $metadata } = error as { name?: string; $metadata?: { httpStatusCode?: number } }
  if (name === 'PreconditionFailed') return conflict('Another file was uploaded meanwhile. Confirm again.')
  // Somebody else found it wrong, or gave it up, after it was inspected.
  if (name === 'NoSuchKey') return conflict('This file was removed meanwhile. Upload it again.')
  const status = $metadata?.httpStatusCode
  if (status !== undefined && status < 500) return error
  return Object.assign(unavailable('Files are away for a moment.'), { cause: error })
}
