import { shares } from '@wealist/contract/storage'
import { codeOf } from '@wealist/dev/testing/board-service'
import { asProcesses } from '@wealist/dev/testing/lambda-sockets'
import { type StorageService, storageService } from '@wealist/dev/testing/storage-service'
import { unavailable } from '@wealist/kit/errors'
import { newId } from '@wealist/kit/ids'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'

let service: StorageService
beforeAll(async () => void (service = await storageService()))
afterAll(() => service.stop())
afterEach(() => void vi.restoreAllMocks())

const password = 'open sesame'
let folder: { id: string }
let token: string
const share = async (given = password) => {
  const asked = { params: { id: folder.id }, body: { password: given } }
  const { shareLink } = await service.as(service.people.alice)(shares.shareFolder, asked)
  return shareLink!.split('/').at(-1)!
}
beforeEach(async () => {
  folder = await service.folder(service.people.alice, newId())
  token = await share()
})

const here = '203.0.113.7'
const unlock = (body: object, from = here, of = token) =>
  codeOf(service.anonymous(shares.unlock, { params: { token: of }, body }, { 'x-forwarded-for': from }))
const guesses = (n: number, of: (n: number) => string) =>
  Promise.all(Array.from({ length: n }, (_, i) => unlock({ password: of(i) })))
const tally = (codes: string[]) => Object.entries(Object.groupBy(codes, (c) => c)).map(([c, all]) => [c, all!.length])
const verifying = () => vi.spyOn(service.running.deps.passwords, 'verify')

// Each function of a preview remembers for itself.
test.skipIf(asProcesses)(
  'a right password gives every file of a folder, however many are asked for at once, and is hashed once',
  async () => {
    const inside = await Promise.all(
      Array.from({ length: 15 }, (_, n) =>
        service.file(service.people.alice, `${n}.txt`, 'tea', { folderId: folder.id }),
      ),
    )
    const verified = verifying()
    const all = () => Promise.all(inside.flatMap(({ id: fileId }) => [1, 2].map(() => unlock({ password, fileId }))))
    expect(tally([...(await all()), ...(await all())])).toEqual([['OK', 60]])
    expect(verified).toHaveBeenCalledTimes(1)
  },
)

test.each([
  ['different ones', (n: number) => `guess ${n} of many`],
  ['the same one', () => 'open barley'],
])('of fifty wrong passwords at once, %s, ten are heard', async (_, of) => {
  expect(tally(await guesses(50, of)).toSorted()).toEqual([
    ['FORBIDDEN', 10],
    ['RATE_LIMITED', 40],
  ])
})

test('who is braked learns nothing from another address that knows the password', async () => {
  await guesses(11, (n) => `guess ${n} of many`)
  expect(await unlock({ password }, '198.51.100.1')).toBe('OK')
  expect(await unlock({ password })).toBe('RATE_LIMITED')
})

test('a password that was changed is wrong at once, and a link that ended gives nothing, however right it just was', async () => {
  expect(await unlock({ password })).toBe('OK')
  const hash = await service.running.deps.passwords.hash('open barley')
  await service.rows('update shares set password_hash = $1 where folder_id = $2', [hash, folder.id])
  expect(await unlock({ password })).toBe('FORBIDDEN')
  expect(await unlock({ password: 'open barley' })).toBe('OK')
  await service.rows(`update shares set expires_at = now() - interval '1 second' where folder_id = $1`, [folder.id])
  expect(await unlock({ password: 'open barley' })).toBe('NOT_FOUND')
  const next = await share('open wheat')
  expect(await unlock({ password: 'open barley' }, here, next)).toBe('FORBIDDEN')
})

test.skipIf(asProcesses)('a password that nobody could decide on does not count as a guess', async () => {
  verifying().mockRejectedValue(unavailable('busy'))
  for (let n = 0; n < 15; n++) expect(await unlock({ password })).toBe('UNAVAILABLE')
  vi.restoreAllMocks()
  expect(await unlock({ password: 'open barley' })).toBe('FORBIDDEN')
  expect(await unlock({ password })).toBe('OK')
})
