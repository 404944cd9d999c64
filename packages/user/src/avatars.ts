import { randomBytes } from 'node:crypto'
import { avatarBytes, type AvatarUpload, type avatarTypes } from '@wealist/contract/user/profiles'
import type { Base } from '@wealist/kit/context'
import { conflict, invalid, notFound } from '@wealist/kit/errors'
import type { Stored } from '@wealist/kit/objects'
import * as avatars from './avatars.sql.ts'
import type { Ctx, Deps } from './deps.ts'
import * as profiles from './profiles.sql.ts'

type ImageType = (typeof avatarTypes)[number]

const mostPending = 25
const formSeconds = 600
/** An upload that nobody confirmed within an hour is forgotten. */
const uploadMs = 3_600_000

const unguessable = () => randomBytes(24).toString('base64url')

export const begin = async (ctx: Ctx, contentType: ImageType): Promise<AvatarUpload> => {
  const key = `uploads/avatars/${unguessable()}`
  const { url, fields } = await ctx.objects.form(key, { contentType, maxBytes: avatarBytes, expires: formSeconds })
  await ctx.tx(async (tx) => {
    const pending = await avatars.pending(tx, ctx.actor.id)
    if (pending === undefined) throw notFound('Your account')
    if (pending >= mostPending) throw conflict(`Confirm one of your ${mostPending} uploads, or wait an hour.`)
    const avatarKey = `avatars/${unguessable()}.${contentType.slice('image/'.length)}`
    await avatars.issue(tx, { key, avatarKey, userId: ctx.actor.id, contentType })
    tx.addJob('avatar.expire', { key }, { runAt: new Date(ctx.clock.now() + uploadMs) })
  })
  return { url, fields, key, expiresIn: formSeconds }
}

export const confirm = async (ctx: Ctx, key: string) => {
  const userId = ctx.actor.id
  const upload = await avatars.issued(ctx.db, { key, userId })
  if (!upload) throw notFound('This upload')
  const stored = await ctx.objects.inspect(key)
  if (!stored) throw conflict('Nothing was uploaded under this key yet.')
  const wrong = whatIsWrong(stored, upload.contentType)
  if (wrong) throw invalid([{ path: 'key', message: wrong }])
  // Its key is never written again, so browsers may keep it for ever.
  await ctx.objects.publish({
    from: key,
    to: upload.avatarKey,
    stored,
    cacheControl: 'public, max-age=31536000, immutable',
  })
  return ctx.tx(async (tx) => {
    if (!(await avatars.spend(tx, key))) throw conflict('This upload was used before.')
    const was = await avatars.replace(tx, { userId, key: upload.avatarKey })
    // With the upload's row kept, the job takes the copy along.
    if (!was) throw notFound('Your account')
    if (was.before) tx.addJob('objects.remove', { keys: [was.before] })
    return profiles.get(tx, ctx.settings.assets, userId)
  })
}

export const remove = (ctx: Ctx) =>
  ctx.tx(async (tx) => {
    const was = await avatars.replace(tx, { userId: ctx.actor.id, key: null })
    if (was?.before) tx.addJob('objects.remove', { keys: [was.before] })
    return undefined
  })

/**
 * The job's part, when the form can write no more: its object goes. Where nobody confirmed it, so does a copy that a
 * broken confirmation may have made.
 */
export const expire = (ctx: Base & Deps, { key }: { key: string }) =>
  ctx.db.tx(async (tx) => {
    const copy = await avatars.spend(tx, key)
    tx.addJob('objects.remove', { keys: copy ? [key, copy] : [key] })
  })

const whatIsWrong = ({ size, contentType, start }: Stored, promised: string) => {
  if (size > avatarBytes) return `is larger than ${avatarBytes} bytes`
  if (contentType !== promised || typeOf(start) !== promised) return `does not hold the ${promised} it was made for`
  return undefined
}

/** An image's type by its first bytes: the name that was sent along proves nothing. */
export const typeOf = (start: Uint8Array): ImageType | undefined => {
  const text = Buffer.from(start).toString('latin1')
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png'
  if (text.startsWith('\xff\xd8\xff')) return 'image/jpeg'
  if (/^GIF8[79]a/.test(text)) return 'image/gif'
  if (/^RIFF[^]{4}WEBP/.test(text)) return 'image/webp'
  return undefined
}
