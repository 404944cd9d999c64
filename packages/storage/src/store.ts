import { createHash } from 'node:crypto'
import { away, type Objects } from '@wealist/kit/objects'

/** Bytes of a part that the service itself sends, of which it holds one. S3 takes none smaller but the last. */
const ownPart = 5 * 1024 * 1024
/** Enough to know a file by its beginning. */
export const beginningBytes = 4100

export interface Part {
  partNumber: number
  etag: string
}

export const beginParts = async (
  { s3, bucket }: Objects,
  { key, contentType }: { key: string; contentType: string },
) => {
  const { client, CreateMultipartUploadCommand } = await s3()
  const begun = await away(
    client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: key, ContentType: contentType })),
  )
  return begun.UploadId!
}

/** Addresses to PUT parts to, each for exactly its bytes. They are signed here, without asking S3. */
export const partAddresses = async (
  { s3, bucket }: Objects,
  {
    key,
    uploadId,
    size,
    partSize,
    expires,
  }: { key: string; uploadId: string; size: number; partSize: number; expires: number },
) => {
  const { client, getSignedUrl, UploadPartCommand } = await s3()
  return Promise.all(
    Array.from({ length: Math.ceil(size / partSize) }, async (_, i) => {
      const ContentLength = Math.min(partSize, size - i * partSize)
      const part = { Bucket: bucket, Key: key, UploadId: uploadId, PartNumber: i + 1, ContentLength }
      return { partNumber: i + 1, url: await getSignedUrl(client, new UploadPartCommand(part), { expiresIn: expires }) }
    }),
  )
}

/** Joins the parts. What S3 says of them is the client's to know: the message, or undefined where they were joined, now or before. */
export const joinParts = async (
  { s3, bucket }: Objects,
  { key, uploadId, parts }: { key: string; uploadId: string; parts: readonly Part[] },
): Promise<string | undefined> => {
  const { client, CompleteMultipartUploadCommand } = await s3()
  const Parts = parts
    .toSorted((a, b) => a.partNumber - b.partNumber)
    .map((p) => ({ PartNumber: p.partNumber, ETag: p.etag }))
  const command = new CompleteMultipartUploadCommand({
    Bucket: bucket,
    Key: key,
    UploadId: uploadId,
    MultipartUpload: { Parts },
  })
  try {
    await client.send(command)
    return undefined
  } catch (error) {
    const { name } = error as Error
    // Joined by the call before this one, whose answer was lost; or never begun, and then nothing is there.
    if (name === 'NoSuchUpload') return undefined
    if (name === 'InvalidPart' || name === 'InvalidPartOrder' || name === 'EntityTooSmall' || name === 'MalformedXML')
      return 'are not the parts that were uploaded'
    return away(Promise.reject(error as Error))
  }
}

export const abortParts = async ({ s3, bucket }: Objects, { key, uploadId }: { key: string; uploadId: string }) => {
  const { client, AbortMultipartUploadCommand } = await s3()
  try {
    await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: uploadId }))
  } catch (error) {
    if ((error as Error).name !== 'NoSuchUpload') throw error
  }
}

/** The first bytes of an object. */
export const beginningOf = async ({ s3, bucket }: Objects, key: string) => {
  const { client, GetObjectCommand } = await s3()
  const got = await away(
    client.send(new GetObjectCommand({ Bucket: bucket, Key: key, Range: `bytes=0-${beginningBytes - 1}` })),
  )
  return got.Body!.transformToByteArray()
}

/** The checksum of a whole object, read through and not kept. */
export const sha256Of = async ({ s3, bucket }: Objects, key: string) => {
  const { client, GetObjectCommand } = await s3()
  const got = await away(client.send(new GetObjectCommand({ Bucket: bucket, Key: key })))
  const hash = createHash('sha256')
  for await (const chunk of got.Body as AsyncIterable<Uint8Array>) hash.update(chunk)
  return hash.digest('hex')
}

export const readAll = async ({ s3, bucket }: Objects, key: string) => {
  const { client, GetObjectCommand } = await s3()
  return (await away(client.send(new GetObjectCommand({ Bucket: bucket, Key: key })))).Body!.transformToByteArray()
}

export const put = async (
  { s3, bucket }: Objects,
  { key, body, contentType }: { key: string; body: Uint8Array; contentType: string },
) => {
  const { client, PutObjectCommand } = await s3()
  return away(client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentType: contentType })))
}

/** Sends a stream to S3, of which a part at a time is in memory. Gives its size; what `check` throws of the beginning ends it. */
export const putStream = async (
  objects: Objects,
  {
    key,
    contentType,
    body,
    check,
  }: {
    key: string
    contentType: string
    body: AsyncIterable<Uint8Array>
    check(beginning: Uint8Array): Promise<void> | void
  },
): Promise<number> => {
  const { s3, bucket } = objects
  const { client, UploadPartCommand } = await s3()
  // One part's memory for all of them: a new one each would be there until it is collected.
  const part = Buffer.allocUnsafeSlow(ownPart)
  let filled = 0
  let size = 0
  let checked = false
  let uploadId: string | undefined
  const parts: Part[] = []
  const send = async () => {
    uploadId ??= await beginParts(objects, { key, contentType })
    const PartNumber = parts.length + 1
    const Body = part.subarray(0, filled)
    const { ETag } = await away(
      client.send(new UploadPartCommand({ Bucket: bucket, Key: key, UploadId: uploadId, PartNumber, Body })),
    )
    parts.push({ partNumber: PartNumber, etag: ETag! })
    filled = 0
  }
  const look = async () => {
    checked = true
    await check(part.subarray(0, Math.min(filled, beginningBytes)))
  }
  try {
    for await (const chunk of body) {
      size += chunk.length
      for (let from = 0; from < chunk.length;) {
        const taken = Math.min(chunk.length - from, ownPart - filled)
        part.set(chunk.subarray(from, from + taken), filled)
        filled += taken
        from += taken
        if (!checked && filled >= beginningBytes) await look()
        if (filled === ownPart) await send()
      }
    }
    if (!checked) await look()
    if (!uploadId) await put(objects, { key, body: part.subarray(0, filled), contentType })
    else {
      if (filled > 0) await send()
      await joinParts(objects, { key, uploadId, parts })
    }
    return size
  } catch (error) {
    if (uploadId) await abortParts(objects, { key, uploadId }).catch(() => undefined)
    throw error
  }
}

/** Pages of what lies under a prefix and after a key, in the order of keys. */
export const listed = async function* (
  { s3, bucket }: Objects,
  { prefix, after, limit = 1000 }: { prefix: string; after: string; limit?: number },
) {
  const { client, ListObjectsV2Command } = await s3()
  for (let token: string | undefined, more = true; more;) {
    const page: { Contents?: { Key?: string; LastModified?: Date }[]; NextContinuationToken?: string } =
      await client.send(
        new ListObjectsV2Command({
          Bucket: bucket,
          Prefix: prefix,
          MaxKeys: limit,
          ...(token ? { ContinuationToken: token } : after && { StartAfter: after }),
        }),
      )
    yield (page.Contents ?? []).map((o) => ({ key: o.Key!, at: o.LastModified! }))
    token = page.NextContinuationToken
    more = token !== undefined
  }
}
