import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  CreateBucketCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3'
import { type S3Options, startS3 } from '../s3.ts'

export const Bucket = 'bucket'

/** The stand-in for S3 in a folder of its own, with a real client. */
export const s3World = async (options: Partial<S3Options> = {}) => {
  const dir = await mkdtemp(join(tmpdir(), 'wealist-s3-'))
  const s3 = await startS3({ dir, buckets: [Bucket], ...options })
  const clients: S3Client[] = []
  const open = (more: S3ClientConfig = {}) => {
    const client = new S3Client({
      endpoint: s3.url,
      region: 'ap-northeast-2',
      forcePathStyle: true,
      credentials: s3.credentials,
      maxAttempts: 1,
      ...more,
    })
    clients.push(client)
    return client
  }
  const client = open()
  return {
    ...s3,
    bucket: Bucket,
    dir,
    client,
    open,
    put: (Key: string, Body: PutObjectCommand['input']['Body'], more: object = {}) =>
      client.send(new PutObjectCommand({ Bucket, Key, Body, ...more })),
    get: async (Key: string, more: object = {}) =>
      (await client.send(new GetObjectCommand({ Bucket, Key, ...more }))).Body!.transformToString(),
    /** Files of uploads that are under way. */
    incoming: () => readdir(join(dir, 'incoming')),
    stop: async () => {
      for (const one of clients) one.destroy()
      await s3.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
export type S3World = Awaited<ReturnType<typeof s3World>>

/** An S3 for tests of services: the one that S3_ENDPOINT names, with a bucket of its own in it, or the stand-in. */
export const anyS3 = async () => {
  const endpoint = process.env['S3_ENDPOINT']
  if (!endpoint) return s3World()
  const credentials = {
    accessKeyId: process.env['AWS_ACCESS_KEY_ID'] ?? '',
    secretAccessKey: process.env['AWS_SECRET_ACCESS_KEY'] ?? '',
  }
  const bucket = `wealist-test-${randomBytes(6).toString('hex')}`
  const client = new S3Client({ endpoint, region: 'ap-northeast-2', forcePathStyle: true, credentials, maxAttempts: 1 })
  await client.send(new CreateBucketCommand({ Bucket: bucket }))
  return {
    url: endpoint.replace(/\/$/, ''),
    credentials,
    bucket,
    client,
    put: (Key: string, Body: string) => client.send(new PutObjectCommand({ Bucket: bucket, Key, Body })),
    stop: async () => client.destroy(),
  }
}
export type AnyS3 = Pick<S3World, 'url' | 'credentials' | 'bucket'>

/** What tells a service of it. */
export const s3Env = ({ url, credentials, bucket }: AnyS3) => ({
  S3_ENDPOINT: url,
  S3_BUCKET: bucket,
  S3_ACCESS_KEY_ID: credentials.accessKeyId,
  S3_SECRET_ACCESS_KEY: credentials.secretAccessKey,
})

/** The name of the error that the work ends with, `OK` for none. */
export const code = (work: Promise<unknown>) =>
  work.then(
    () => 'OK',
    (error: { name: string }) => error.name,
  )

/** The status of an answer and the code of the error in it. */
export const outcome = async (response: Response) => ({
  status: response.status,
  code: /<Code>(\w+)/.exec(await response.text())?.[1],
})
