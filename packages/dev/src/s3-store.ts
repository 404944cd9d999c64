import { createHash, randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { crc32 } from 'node:zlib'
import { S3Error } from './s3-error.ts'

export interface Stored {
  key: string
  size: number
  etag: string
  modified: string
  /** Headers that come back with it: content-type, cache-control, x-amz-meta-*. */
  headers: Record<string, string>
}

/** What a body turned out to be. Hashes are hex, checksums base64 as S3 writes them. */
export interface Received {
  path: string
  size: number
  md5: string
  sha256: string
  checksums: { crc32: string; sha256: string; sha1: string }
}

/**
 * Objects as files, named by the hash of their key, so that no key is ever a path. A body is streamed to a file of its
 * own and put in its place when it is complete and right.
 */
export const openStore = (dir: string, buckets: readonly string[]) => {
  const incoming = join(dir, 'incoming')
  mkdirSync(incoming, { recursive: true })
  const index = new Map<string, Map<string, Stored>>()
  const open = (bucket: string) => {
    const folder = join(dir, 'buckets', bucket)
    mkdirSync(folder, { recursive: true })
    const objects = readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Stored)
    index.set(bucket, new Map(objects.map((o) => [o.key, o])))
  }
  if (existsSync(join(dir, 'buckets'))) for (const bucket of readdirSync(join(dir, 'buckets'))) open(bucket)
  for (const bucket of buckets) if (!index.has(bucket)) open(bucket)

  const of = (bucket: string) => {
    const objects = index.get(bucket)
    if (!objects) throw new S3Error(404, 'NoSuchBucket', 'The bucket does not exist.')
    return objects
  }
  const place = (bucket: string, key: string) =>
    join(dir, 'buckets', bucket, createHash('sha256').update(key).digest('hex'))

  return {
    create: (bucket: string) => {
      if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket))
        throw new S3Error(400, 'InvalidBucketName', 'That is no name of a bucket.')
      if (!index.has(bucket)) open(bucket)
    },
    has: (bucket: string) => index.has(bucket),
    get: (bucket: string, key: string) => of(bucket).get(key),
    list: (bucket: string) =>
      [...of(bucket).values()].toSorted((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key))),
    read: (bucket: string, key: string, range?: { start: number; end: number }) =>
      createReadStream(place(bucket, key), range),

    /** Streams a body to disk and measures it; stops, and leaves nothing, past `most` bytes. */
    receive: async (body: AsyncIterable<Uint8Array>, most = Infinity): Promise<Received> => {
      const path = join(incoming, randomUUID())
      const [md5, sha, sha1] = ['md5', 'sha256', 'sha1'].map((name) => createHash(name)) as [
        ReturnType<typeof createHash>,
        ReturnType<typeof createHash>,
        ReturnType<typeof createHash>,
      ]
      let size = 0
      let crc = 0
      const measure = new Transform({
        transform(chunk: Buffer, _, next) {
          size += chunk.length
          if (size > most)
            return next(new S3Error(400, 'EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size'))
          for (const hash of [md5, sha, sha1]) hash.update(chunk)
          crc = crc32(chunk, crc)
          next(undefined, chunk)
        },
      })
      try {
        await pipeline(body, measure, createWriteStream(path))
      } catch (error) {
        await rm(path, { force: true })
        throw error
      }
      const digest = sha.digest()
      const crcBytes = Buffer.alloc(4)
      crcBytes.writeUInt32BE(crc)
      return {
        path,
        size,
        md5: md5.digest('hex'),
        sha256: digest.toString('hex'),
        checksums: {
          crc32: crcBytes.toString('base64'),
          sha256: digest.toString('base64'),
          sha1: sha1.digest('base64'),
        },
      }
    },
    discard: (received: Received) => rm(received.path, { force: true }),

    /** Puts what was received in its place. */
    keep: async (bucket: string, key: string, received: Received, headers: Record<string, string>): Promise<Stored> => {
      const objects = of(bucket)
      const stored: Stored = {
        key,
        size: received.size,
        etag: `"${received.md5}"`,
        modified: new Date().toISOString(),
        headers,
      }
      const at = place(bucket, key)
      await rename(received.path, at)
      // A name of its own: the same key may be written twice at the same moment.
      await writeFile(`${received.path}.json`, JSON.stringify(stored))
      await rename(`${received.path}.json`, `${at}.json`)
      objects.set(key, stored)
      return stored
    },
    remove: async (bucket: string, key: string) => {
      of(bucket).delete(key)
      await rm(`${place(bucket, key)}.json`, { force: true })
      await rm(place(bucket, key), { force: true })
    },
  }
}
export type Store = ReturnType<typeof openStore>
