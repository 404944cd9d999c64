import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { bodyOf, checkBody, textOf } from './s3-body.ts'
import { noSuchBucket, notImplemented, S3Error } from './s3-error.ts'
import { type Headers, keptOf } from './s3-headers.ts'
import type { Asked } from './s3-objects.ts'
import type { Signed } from './s3-signature.ts'
import type { Received, Store } from './s3-store.ts'
import { element, xml } from './s3-xml.ts'

const smallest = 5 * 1024 * 1024
const mostParts = 10_000

interface Upload {
  bucket: string
  key: string
  headers: Record<string, string>
  initiated: string
  parts: Map<number, Received>
}

const gone = () => new S3Error(404, 'NoSuchUpload', 'The upload does not exist. It may have been aborted or completed.')
const etagOf = ({ md5 }: Received) => `"${md5}"`

/**
 * Uploads in parts. They live in this process: after a restart they are gone, as if S3 had aborted them. Parts are
 * streamed to disk and joined there.
 */
export const openMultipart = (store: Store) => {
  const uploads = new Map<string, Upload>()
  const find = ({ url, bucket, key }: Pick<Asked, 'url' | 'bucket' | 'key'>) => {
    const id = url.searchParams.get('uploadId') ?? ''
    const upload = uploads.get(id)
    if (!upload || upload.bucket !== bucket || upload.key !== key) throw gone()
    return { id, upload }
  }
  const end = async (id: string) => {
    const upload = uploads.get(id)
    uploads.delete(id)
    for (const part of upload?.parts.values() ?? []) await store.discard(part)
  }

  return {
    begin: ({ bucket, key, headers }: Asked) => {
      if (!store.has(bucket)) throw noSuchBucket()
      const id = randomBytes(24).toString('base64url')
      uploads.set(id, { bucket, key, headers: keptOf(headers), initiated: new Date().toISOString(), parts: new Map() })
      return xml(
        'InitiateMultipartUploadResult',
        element('Bucket', bucket) + element('Key', key) + element('UploadId', id),
      )
    },

    /** A part, also by a presigned URL; sent again it takes the place of the one before. */
    put: async (asked: Asked, signed: Signed) => {
      const { request, url, headers } = asked
      const { id } = find(asked)
      const number = Number(url.searchParams.get('partNumber'))
      if (!Number.isInteger(number) || number < 1 || number > mostParts)
        throw new S3Error(400, 'InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive.')
      if (headers['x-amz-copy-source'] !== undefined) throw notImplemented('UploadPartCopy')
      const trailers: Headers = {}
      const received = await store.receive(bodyOf(request, signed, trailers))
      try {
        const checksums = checkBody(received, signed, headers, trailers)
        const { upload } = find(asked)
        const before = upload.parts.get(number)
        upload.parts.set(number, received)
        if (before) await store.discard(before)
        return { etag: etagOf(received), ...checksums }
      } catch (error) {
        await store.discard(received)
        if (!uploads.has(id)) throw gone()
        throw error
      }
    },

    complete: async (asked: Asked, signed: Signed) => {
      const { request, headers, bucket, key } = asked
      const body = await textOf(request, signed, headers)
      const { id, upload } = find(asked)
      const parts = chosen(upload, body)
      const digests = Buffer.concat(parts.map(({ md5 }) => Buffer.from(md5, 'hex')))
      const md5 = `${createHash('md5').update(digests).digest('hex')}-${parts.length}`
      const joined = await store.receive(join(parts))
      const stored = store.keep({ bucket, key }, { ...joined, md5 }, { headers: upload.headers, checksums: {} })
      await end(id)
      return xml(
        'CompleteMultipartUploadResult',
        element('Bucket', bucket) + element('Key', key) + element('ETag', stored.etag),
      )
    },

    abort: async (asked: Asked) => end(find(asked).id),

    parts: (asked: Asked) => {
      const { id, upload } = find(asked)
      const all = [...upload.parts].toSorted(([a], [b]) => a - b)
      const shown = all.map(
        ([number, part]) =>
          `<Part>${element('PartNumber', number)}${element('ETag', etagOf(part))}${element('Size', part.size)}</Part>`,
      )
      const head = element('Bucket', asked.bucket) + element('Key', asked.key) + element('UploadId', id)
      return xml('ListPartsResult', head + element('IsTruncated', false) + shown.join(''))
    },

    list: (bucket: string, prefix: string) => {
      const mine = [...uploads].filter(([, u]) => u.bucket === bucket && u.key.startsWith(prefix))
      const shown = mine.map(
        ([id, { key, initiated }]) =>
          `<Upload>${element('Key', key)}${element('UploadId', id)}${element('Initiated', initiated)}</Upload>`,
      )
      return xml(
        'ListMultipartUploadsResult',
        element('Bucket', bucket) + element('IsTruncated', false) + shown.join(''),
      )
    },
  }
}
export type Multipart = ReturnType<typeof openMultipart>

/** The parts that a completion names, in their order; it need not name all there are. */
const chosen = ({ parts }: Upload, body: string): Received[] => {
  const named = [...body.matchAll(/<Part>([\s\S]*?)<\/Part>/g)].map(([, part = '']) => ({
    number: Number(/<PartNumber>(\d+)<\/PartNumber>/.exec(part)?.[1]),
    etag: /<ETag>([^<]*)<\/ETag>/.exec(part)?.[1]?.replace(/&quot;|"/g, ''),
  }))
  if (named.length === 0) throw new S3Error(400, 'MalformedXML', 'The XML you provided was not well-formed.')
  if (named.some(({ number }, i) => i > 0 && number <= named[i - 1]!.number))
    throw new S3Error(400, 'InvalidPartOrder', 'The list of parts was not in ascending order.')
  return named.map(({ number, etag }, i) => {
    const part = parts.get(number)
    if (!part || part.md5 !== etag)
      throw new S3Error(400, 'InvalidPart', 'One or more of the specified parts could not be found.')
    if (part.size < smallest && i < named.length - 1)
      throw new S3Error(400, 'EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size.')
    return part
  })
}

async function* join(parts: readonly Received[]): AsyncGenerator<Uint8Array> {
  for (const { path } of parts) yield* createReadStream(path) as AsyncIterable<Buffer>
}
