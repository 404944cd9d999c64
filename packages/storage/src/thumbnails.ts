import { randomBytes } from 'node:crypto'
import type { JobCtx } from '@wealist/kit/jobs'
import type { Deps } from './deps.ts'
import * as files from './files.sql.ts'
import { put, readAll } from './store.ts'
import * as thumbnails from './thumbnails.sql.ts'

/** Pixels of the longer side. */
const side = 320
const mostBytes = 25 * 1024 * 1024
const mostPixels = 100_000_000

/** A small picture of an image. One that is too large or broken has none; whoever comes second throws theirs away. */
export const make = async ({ db, tx, objects, job }: JobCtx<Deps>, { key }: { key: string }) => {
  const image = await thumbnails.waiting(db, { key, mostBytes })
  if (!image) return
  const picture = await shrink(await readAll(objects, key))
  if (!picture) return
  const thumbnailKey = `drive/${randomBytes(24).toString('base64url')}`
  // Told before it is written: what is then not wanted is removed by the job that the row, or its absence, leaves.
  await job.lease()
  await put(objects, { key: thumbnailKey, body: picture, contentType: 'image/webp' })
  await tx(async (t) => {
    if ((await files.setThumbnail(t, { key, thumbnailKey })) === 0) t.addJob('objects.remove', { keys: [thumbnailKey] })
  })
}

// Loaded where it is needed: its native part is most of what the service weighs.
const shrink = async (bytes: Uint8Array) => {
  const { default: sharp } = await import('sharp')
  try {
    return await sharp(bytes, { limitInputPixels: mostPixels, failOn: 'error' })
      .rotate()
      .resize(side, side, { fit: 'inside', withoutEnlargement: true })
      .webp({ quality: 80 })
      .toBuffer()
  } catch {
    return undefined
  }
}
