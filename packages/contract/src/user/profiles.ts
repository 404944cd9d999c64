import * as z from 'zod'
import { name, seconds, text, timezone } from '../fields.ts'
import { route } from '../route.ts'

/** What a person says of themselves. `displayName` is the name that others see: `User.name`. */
export const Profile = z
  .strictObject({
    displayName: z.string(),
    bio: z.string().nullable(),
    /** IANA time zone, `Asia/Seoul`. */
    timezone: z.string().nullable(),
    /** BCP 47 language tag, `ko-KR`. */
    locale: z.string().nullable(),
    avatarUrl: z.string().nullable(),
    version: z.int(),
  })
  .meta({ id: 'Profile' })
export type Profile = z.infer<typeof Profile>

const isLocale = (tag: string) => {
  try {
    return Intl.getCanonicalLocales(tag).length === 1
  } catch {
    return false
  }
}
const locale = text(35, 1).refine(isLocale, 'must be a BCP 47 language tag')

export const ProfileChange = z.strictObject({
  displayName: name().optional(),
  bio: text(500).nullable().optional(),
  timezone: timezone.nullable().optional(),
  locale: locale.nullable().optional(),
})
export type ProfileChange = z.infer<typeof ProfileChange>

/** Types of image that an avatar may have; SVG is a program and is none of them. */
export const avatarTypes = ['image/png', 'image/jpeg', 'image/webp', 'image/gif'] as const
/** Largest avatar in bytes. */
export const avatarBytes = 5 * 1024 * 1024

/** A form to POST the file with, as multipart/form-data: all `fields`, then `file`. Valid for `expiresIn` seconds. */
export const AvatarUpload = z
  .strictObject({
    url: z.string(),
    fields: z.record(z.string(), z.string()),
    key: z.string(),
    expiresIn: seconds,
  })
  .meta({ id: 'AvatarUpload' })
export type AvatarUpload = z.infer<typeof AvatarUpload>

export const get = route({
  method: 'GET',
  path: '/api/profiles/me',
  summary: 'My profile',
  access: 'self',
  versioned: true,
  response: Profile,
  example: {},
})

export const update = route({
  method: 'PATCH',
  path: '/api/profiles/me',
  summary: 'Change my profile',
  access: 'self',
  versioned: true,
  body: ProfileChange,
  response: Profile,
  example: { body: { bio: 'Down the rabbit hole', timezone: 'Asia/Seoul', locale: 'ko-KR' } },
})

export const startAvatar = route({
  method: 'POST',
  path: '/api/profiles/me/avatar',
  summary: 'Get a form to upload an image with, at most 5 MB; 409 while 25 wait to be confirmed',
  access: 'self',
  body: z.strictObject({ contentType: z.enum(avatarTypes) }),
  status: 201,
  response: AvatarUpload,
  example: { body: { contentType: 'image/png' } },
})

export const confirmAvatar = route({
  method: 'PUT',
  path: '/api/profiles/me/avatar',
  summary: 'Make the uploaded image my avatar, once it has been checked what was stored',
  access: 'self',
  body: z.strictObject({ key: text(200, 1) }),
  response: Profile,
  example: { body: { key: '$avatarKey' } },
})

export const removeAvatar = route({
  method: 'DELETE',
  path: '/api/profiles/me/avatar',
  summary: 'Have no avatar',
  access: 'self',
  status: 204,
  example: {},
})
