import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { profiles, users } from '@wealist/contract/user'
import type { AvatarUpload } from '@wealist/contract/user/profiles'
import type { User } from '@wealist/contract/user/users'
import { startS3 } from '@wealist/dev/s3'
import { atOnce, type UserService, userService } from '@wealist/dev/testing/user-service'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { typeOf } from './avatars.ts'

const keys = { accessKeyId: 'test', secretAccessKey: 'test-secret' }
let dir: string
let s3: Awaited<ReturnType<typeof startS3>>
let service: UserService
let alice: User
let bob: User
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'wealist-avatars-'))
  s3 = await startS3({ dir, ...keys, buckets: ['wealist'], publicPrefixes: ['avatars/'] })
  service = await userService({
    S3_ENDPOINT: s3.url,
    S3_BUCKET: 'wealist',
    S3_ACCESS_KEY_ID: keys.accessKeyId,
    S3_SECRET_ACCESS_KEY: keys.secretAccessKey,
    ASSETS_URL: `${s3.url}/wealist`,
  })
  ;[alice, bob] = [await service.signUp('Alice'), await service.signUp('Bob')]
})
afterAll(async () => {
  await service.stop()
  await s3.stop()
  await rm(dir, { recursive: true, force: true })
})

const png = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(500, 7)])
const html = Buffer.from('<html><script>alert(1)</script></html>')

const start = (who: User, contentType: 'image/png' | 'image/jpeg' = 'image/png') =>
  service.as(who)(profiles.startAvatar, { body: { contentType } })
const confirm = (who: User, key: string) => service.as(who)(profiles.confirmAvatar, { body: { key } })
const upload = async (
  { url, fields }: AvatarUpload,
  bytes: Uint8Array<ArrayBuffer>,
  more: Record<string, string> = {},
) => {
  const form = new FormData()
  for (const [name, value] of Object.entries({ ...fields, ...more })) form.set(name, value)
  form.set('file', new Blob([bytes]), 'me.png')
  return fetch(url, { method: 'POST', body: form })
}
const avatarOf = async (who: User) => (await service.as(who)(profiles.get, {})).avatarUrl

test('an image that was uploaded and confirmed is everybody’s to see under an address nobody can guess', async () => {
  const form = await start(alice)
  expect((await upload(form, png)).status).toBe(204)
  // Until it is confirmed nobody sees it.
  expect(await avatarOf(alice)).toBe(null)
  expect((await fetch(`${s3.url}/wealist/${form.key}`)).status).toBe(403)
  const { avatarUrl } = await confirm(alice, form.key)
  expect(avatarUrl).toMatch(new RegExp(`^${s3.url}/wealist/avatars/[\\w-]{32}\\.png$`))
  expect(avatarUrl).not.toContain(form.key)
  const shown = await fetch(avatarUrl!)
  expect(shown.headers.get('content-type')).toBe('image/png')
  expect(shown.headers.get('cache-control')).toContain('immutable')
  expect(Buffer.from(await shown.arrayBuffer())).toEqual(png)
})

test('what the form may still write after the confirmation is never what is shown', async () => {
  const form = await start(alice)
  await upload(form, png)
  const { avatarUrl } = await confirm(alice, form.key)
  await upload(form, html)
  expect(Buffer.from(await (await fetch(avatarUrl!)).arrayBuffer())).toEqual(png)
  await expect(confirm(alice, form.key)).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('a key is good for whom it was issued to, once, and no key is good that was not issued', async () => {
  const form = await start(alice)
  await upload(form, png)
  await expect(confirm(bob, form.key)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(confirm(alice, 'avatars/anything.png')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  const { ok, ...refused } = await atOnce(5, () => confirm(alice, form.key))
  expect(ok).toBe(1)
  expect(Object.keys(refused).filter((code) => code !== 'CONFLICT' && code !== 'NOT_FOUND')).toEqual([])
  expect(await avatarOf(bob)).toBe(null)
})

test('what is not the promised image is refused, whatever it calls itself', async () => {
  const before = await avatarOf(alice)
  const nothing = await start(alice)
  await expect(confirm(alice, nothing.key)).rejects.toMatchObject({ code: 'CONFLICT' })
  for (const [type, bytes] of [
    ['image/png', html],
    ['image/jpeg', png],
    ['image/png', Buffer.from('\x89PN')],
  ] as const) {
    const form = await start(alice, type)
    await upload(form, Buffer.from(bytes))
    await expect(confirm(alice, form.key)).rejects.toMatchObject({ code: 'VALIDATION_ERROR' })
  }
  expect(await avatarOf(alice)).toBe(before)
  await expect(
    service.as(alice)(profiles.startAvatar, { body: { contentType: 'image/svg+xml' as 'image/png' } }),
  ).rejects.toMatchObject({ code: 'VALIDATION_ERROR' })
})

test('the form takes neither another type nor another key nor more than 5 MB', async () => {
  const form = await start(alice)
  expect((await upload(form, png, { 'Content-Type': 'text/html' })).status).toBe(403)
  expect((await upload(form, png, { key: 'avatars/mine.png' })).status).toBe(403)
  expect((await upload(form, Buffer.alloc(5 * 1024 * 1024 + 1, 1))).status).toBe(400)
  expect((await upload(form, Buffer.alloc(0))).status).toBe(400)
})

test('the avatar before is removed from the store, also when there is none after', async () => {
  const [first, second] = [await start(bob), await start(bob)]
  await upload(first, png)
  await upload(second, png)
  const before = (await confirm(bob, first.key)).avatarUrl!
  const after = (await confirm(bob, second.key)).avatarUrl!
  const gone = async (url: string) => {
    await expect.poll(async () => (await fetch(url)).status, { interval: 50 }).toBe(403)
  }
  await gone(before)
  expect((await fetch(after)).status).toBe(200)
  await service.as(bob)(profiles.removeAvatar, {})
  expect(await avatarOf(bob)).toBe(null)
  await gone(after)
})

test('a person has 25 unconfirmed uploads at most, however many they begin at once', async () => {
  const eve = await service.signUp('Eve')
  expect(await atOnce(40, () => start(eve))).toEqual({ ok: 25, CONFLICT: 15 })
  expect(await service.rows('select from avatar_uploads where user_id = $1', [eve.id])).toHaveLength(25)
  expect(await atOnce(1, () => start(bob))).toEqual({ ok: 1 })
})

test('an upload that nobody confirms is forgotten, object and all', async () => {
  const form = await start(alice)
  await upload(form, png)
  await service.running.base.db.tx(async (tx) => tx.addJob('avatar.expire', { key: form.key }))
  const left = () => service.running.deps.objects.inspect(form.key)
  await expect.poll(left, { interval: 50 }).toBe(undefined)
  await expect(confirm(alice, form.key)).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('an avatar that is confirmed while its account goes is taken away with the upload, copy and all', async () => {
  const carol = await service.signUp('Carol')
  const form = await start(carol)
  await upload(form, png)
  const { objects } = service.running.deps
  const { publish } = objects
  vi.spyOn(objects, 'publish').mockImplementationOnce(async (what) => {
    await publish(what)
    await service.as(carol)(users.removeMe, {})
  })
  await expect(confirm(carol, form.key)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  // By this row the job knows of the copy.
  expect(await service.rows('select from avatar_uploads where key = $1', [form.key])).toHaveLength(1)
})

test('an image is known by its first bytes', () => {
  expect(typeOf(png)).toBe('image/png')
  expect(typeOf(Buffer.from('ffd8ffe0', 'hex'))).toBe('image/jpeg')
  expect(typeOf(Buffer.from('GIF89a...'))).toBe('image/gif')
  expect(typeOf(Buffer.from('RIFF\0\0\0\0WEBPVP8 ', 'latin1'))).toBe('image/webp')
  for (const other of ['<svg xmlns="">', '<html>', 'RIFF\0\0\0\0WAVE', '', '\x89PNG'])
    expect(typeOf(Buffer.from(other, 'latin1')), other).toBe(undefined)
})

test('while the store is away, 503 says so', async () => {
  const form = await start(alice)
  await s3.stop()
  await expect(confirm(alice, form.key)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
})
