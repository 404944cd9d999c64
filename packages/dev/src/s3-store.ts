import { createHash, randomUUID } from 'node:crypto'
import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { noSuchBucket, S3Error } from './s3-error.ts'
import { type Measured, measuring } from './s3-measure.ts'

export interface Stored {
  key: string
  size: number
  etag: string
  modified: string
  /** Headers that come back with it: content-type, cache-control, x-amz-meta-*. */
  headers: Record<string, string>
  /** The checksums that it came with, by header. */
  checksums: Record<string, string>
  /** The name of its file. */
  file: string
}

/** A body on disk, measured, that is no object yet. */
export interface Received extends Measured {
  path: string
}

/**
 * Objects as files. A body is streamed to a file of a random name; what makes it an object is its entry, named by the
 * hash of the key, so that no key is ever a path. The entry is renamed into place in one step: a process that dies
 * leaves the old object or the new one, and the next start clears the rest away.
 */
export const openStore = (dir: string, buckets: readonly string[]) => {
  const incoming = join(dir, 'incoming')
  rmSync(incoming, { recursive: true, force: true })
  mkdirSync(incoming, { recursive: true })
  const folderOf = (bucket: string) => join(dir, 'buckets', bucket)
  const index = new Map<string, Map<string, Stored>>()
  const open = (bucket: string) => {
    mkdirSync(folderOf(bucket), { recursive: true })
    index.set(bucket, load(folderOf(bucket)))
  }
  if (existsSync(join(dir, 'buckets')))
    for (const entry of readdirSync(join(dir, 'buckets'), { withFileTypes: true }))
      if (entry.isDirectory()) open(entry.name)
  for (const bucket of buckets) if (!index.has(bucket)) open(bucket)

  const of = (bucket: string) => {
    const objects = index.get(bucket)
    if (!objects) throw noSuchBucket()
    return objects
  }
  const entryOf = (bucket: string, key: string) =>
    join(folderOf(bucket), `${createHash('sha256').update(key).digest('hex')}.json`)

  return {
    create: (bucket: string) => {
      if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket))
        throw new S3Error(400, 'InvalidBucketName', 'The specified bucket is not valid.')
      if (index.has(bucket))
        throw new S3Error(409, 'BucketAlreadyOwnedByYou', 'The bucket exists already and is yours.')
      open(bucket)
    },
    has: (bucket: string) => index.has(bucket),
    get: (bucket: string, key: string) => of(bucket).get(key),
    list: (bucket: string) =>
      [...of(bucket).values()].toSorted((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key))),

    /** Opens at once: called in the tick of `get`, it reads that very object, whatever is written meanwhile. */
    read: (bucket: string, stored: Stored, range?: { start: number; end: number }) =>
      createReadStream('', { fd: openSync(join(folderOf(bucket), stored.file), 'r'), start: 0, ...range }),

    /** Streams a body to disk and measures it; stops, and leaves nothing, past `most` bytes. */
    receive: async (
      body: AsyncIterable<Uint8Array> | NodeJS.ReadableStream,
      most = 5 * 1024 ** 3,
    ): Promise<Received> => {
      const path = join(incoming, randomUUID())
      const measure = measuring()
      const meter = new Transform({
        transform(piece: Buffer, _, next) {
          if (measure.add(piece) <= most) return next(undefined, piece)
          next(new S3Error(400, 'EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size'))
        },
      })
      try {
        await pipeline(body, meter, createWriteStream(path))
      } catch (error) {
        await rm(path, { force: true })
        throw error
      }
      return { path, ...measure.done() }
    },
    discard: ({ path }: Received) => rm(path, { force: true }),

    /** Makes what was received the object of a key, in one tick; `allow` sees the one that is there and may throw. */
    keep: (
      { bucket, key }: { bucket: string; key: string },
      received: Received,
      { allow, ...more }: Pick<Stored, 'headers' | 'checksums'> & { allow?: (current: Stored | undefined) => void },
    ): Stored => {
      const objects = of(bucket)
      const current = objects.get(key)
      try {
        allow?.(current)
      } catch (error) {
        rmSync(received.path, { force: true })
        throw error
      }
      const file = randomUUID()
      const stored: Stored = {
        key,
        size: received.size,
        etag: `"${received.md5}"`,
        modified: new Date().toISOString(),
        ...more,
        file,
      }
      renameSync(received.path, join(folderOf(bucket), file))
      writeFileSync(join(incoming, file), JSON.stringify(stored))
      renameSync(join(incoming, file), entryOf(bucket, key))
      objects.set(key, stored)
      if (current) rmSync(join(folderOf(bucket), current.file), { force: true })
      return stored
    },
    remove: (bucket: string, key: string) => {
      const stored = of(bucket).get(key)
      if (!stored) return
      rmSync(entryOf(bucket, key), { force: true })
      of(bucket).delete(key)
      rmSync(join(folderOf(bucket), stored.file), { force: true })
    },
  }
}
export type Store = ReturnType<typeof openStore>

const load = (folder: string) => {
  const files = new Set(readdirSync(folder))
  const objects = new Map<string, Stored>()
  const owned = new Set<string>()
  for (const name of files) {
    if (!name.endsWith('.json')) continue
    const stored = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Stored
    if (!files.has(stored.file)) continue
    objects.set(stored.key, stored)
    owned.add(name).add(stored.file)
  }
  for (const name of files) if (!owned.has(name)) rmSync(join(folder, name), { recursive: true, force: true })
  return objects
}
