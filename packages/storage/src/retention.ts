import type { JobCtx } from '@wealist/kit/jobs'
import { removeObjects } from './usage.ts'
import type { Deps } from './deps.ts'
import { lockDrive } from './access.sql.ts'
import * as retention from './retention.sql.ts'
import * as shares from './shares.sql.ts'
import { listed } from './store.ts'
import { condemn } from './trash.ts'
import * as trash from './trash.sql.ts'
import { drop as dropUpload, formKey, formMinutes, uploadHours } from './uploads.ts'
import * as uploads from './uploads.sql.ts'

type Ctx = JobCtx<Deps>

/** What was deleted can be had back so long. */
const trashDays = 30
const atOnce = 200
/** What no row knows may be one that is being made. */
const orphanHours = 24
/** In the order of keys, so that one key says how far a sweep has come. */
const prefixes = ['drive/', formKey('drive/')]
const sweepMs = 500_000

/** Gives up uploads that nobody completed, forgets links that ended, and condemns what lay in the trash for too long. */
export const clean = async ({ db, tx, job, settings }: Ctx) => {
  const inDrive = (workspaceId: string, work: (t: Parameters<typeof dropUpload>[0]) => Promise<unknown>) =>
    tx(async (t) => {
      job.signal.throwIfAborted()
      await lockDrive(t, { workspaceId, limit: settings.freeBytes })
      await work(t)
    })
  for (const those of [oldForms, oldUploads])
    for (let old = await those(db); old.length > 0; old = await those(db))
      for (const { id, workspaceId, fileId } of old)
        await inDrive(workspaceId, (t) => (fileId ? uploads.remove(t, id) : dropUpload(t, id)))
  while ((await shares.dropExpired(db, 1000)) > 0) job.signal.throwIfAborted()
  for (let old = await oldTrash(db); old.length > 0; old = await oldTrash(db))
    for (const { id, workspaceId } of old) await inDrive(workspaceId, (t) => condemn(t, workspaceId, [id]))
}
const oldForms = (db: Ctx['db']) => uploads.oldForms(db, { minutes: formMinutes, limit: atOnce })
const oldUploads = (db: Ctx['db']) => uploads.old(db, { hours: uploadHours, limit: atOnce })
const oldTrash = (db: Ctx['db']) => trash.old(db, { days: trashDays, limit: atOnce })

interface Sweeping {
  hours?: number
  /** Milliseconds after which it leaves the rest to the next night. */
  most?: number
  page?: number
}

/**
 * Removes what S3 has and no row knows: what was begun and whose row never came to be. Goes on where it was the last time,
 * and from the beginning once it was through.
 */
export const sweep = async (
  { db, tx, objects, clock, job }: Ctx,
  { hours = orphanHours, most = sweepMs, page: limit }: Sweeping = {},
) => {
  const began = clock.now()
  let after = await retention.sweptTo(db)
  for (const prefix of prefixes)
    for await (const page of listed(objects, { prefix, after, ...(limit && { limit }) })) {
      job.signal.throwIfAborted()
      const last = page.at(-1)
      if (!last) continue
      const old = page.filter(({ at }) => at.getTime() < began - hours * 3_600_000).map(({ key }) => key)
      // A form's object is of an upload of the last day, or nobody's.
      const orphans = old.length > 0 && prefix === 'drive/' ? await retention.unknown(db, old) : old
      after = last.key
      await tx(async (t) => {
        removeObjects(t, orphans)
        await retention.sweepTo(t, after)
      })
      if (clock.now() - began >= most) return
    }
  await retention.sweepTo(db, '')
}

/** A deleted workspace: its uploads end here, all else as what was condemned. */
export const endDrive = async ({ db, tx }: Pick<Ctx, 'db' | 'tx'>, { workspaceId }: { workspaceId: string }) => {
  for (let some = await theirs(db, workspaceId); some.length > 0; some = await theirs(db, workspaceId))
    await tx(async (t) => {
      for (const { id, fileId } of some) await (fileId ? uploads.remove(t, id) : dropUpload(t, id))
    })
}
const theirs = (db: Ctx['db'], workspaceId: string) => uploads.ofWorkspace(db, { workspaceId, limit: atOnce })
