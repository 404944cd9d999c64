import { attachments, messages, participants } from '@wealist/contract/chat'
import { post } from '@wealist/dev/testing/attach'
import { codeOf } from '@wealist/dev/testing/board-service'
import { type ChatService, chatService } from '@wealist/dev/testing/chat-service'
import { anyS3, s3Env } from '@wealist/dev/testing/s3-world'
import { newId } from '@wealist/kit/ids'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { purge } from './retention.ts'

let s3: Awaited<ReturnType<typeof anyS3>>
let service: ChatService
let id: string
beforeAll(async () => {
  s3 = await anyS3()
  service = await chatService(s3Env(s3))
})
afterAll(async () => {
  await service.stop()
  await s3.stop()
})
beforeEach(async () => {
  id = (await service.group()).id
})

const as = (who: keyof ChatService['people']) => service.as(service.people[who])
const begin = (who: 'alice' | 'bob' = 'alice', more: Partial<attachments.NewUpload> = {}, roomId = id) =>
  as(who)(attachments.begin, {
    params: { id: roomId },
    body: { name: '메뉴 menu.txt', size: 3, contentType: 'text/plain', ...more },
  })
const upload = async (who: 'alice' | 'bob' = 'alice') => {
  const form = await begin(who)
  expect((await post(form, 'tea')).status).toBe(204)
  return form.id
}
const send = (who: 'alice' | 'bob', files: string[], more = {}) =>
  service.say(service.people[who], id, '', { type: 'file', attachments: files, ...more })
const keyOf = async (file: string) =>
  (await service.rows<{ key: string }>('select key from uploads where id = $1', [file]))[0]!.key
const there = async (key: string) => (await service.running.deps.objects.inspect(key)) !== undefined
const gone = async (key: string) => {
  await expect.poll(() => there(key), { interval: 50 }).toBe(false)
}

test('a file goes up by a form, is in the message that names it, and is saved by everybody in the room', async () => {
  const file = await upload()
  const said = await send('alice', [file])
  expect(said.attachments).toEqual([{ id: file, name: '메뉴 menu.txt', contentType: 'text/plain', size: 3 }])
  const { downloadUrl } = await as('bob')(attachments.download, { params: { id, attachmentId: file } })
  const got = await fetch(downloadUrl)
  expect(await got.text()).toBe('tea')
  expect(got.headers.get('content-disposition')).toMatch(/^attachment;/)
  expect(await codeOf(as('vera')(attachments.download, { params: { id, attachmentId: file } }))).toBe('NOT_FOUND')
  // Its clientId again is the same message, though its file is taken by now.
  expect(await send('alice', [file], { clientId: said.clientId })).toEqual(said)
})

test('the words of a message can be taken back and its file kept; one without a file keeps words', async () => {
  const said = await send('alice', [await upload()], { content: 'wrong words' })
  const left = await as('alice')(messages.update, { params: { id: said.id }, body: { content: '' } })
  expect(left).toMatchObject({ content: '', attachments: said.attachments, version: 2 })
  const bare = await service.say(service.people.alice, id, 'only words')
  for (const content of ['', '  '])
    expect(await codeOf(as('alice')(messages.update, { params: { id: bare.id }, body: { content } }))).toBe(
      'VALIDATION_ERROR',
    )
})

test('nobody sends a file of somebody else, of another room, that is not there or is not what was announced', async () => {
  const hers = await upload('alice')
  const other = await service.group()
  const elsewhere = (await begin('alice', {}, other.id)).id
  const missing = (await begin()).id
  const lie = await begin('alice', { size: 4 })
  expect((await post(lie, 'tea')).status).toBe(400)
  for (const [who, file] of [
    ['bob', hers],
    ['alice', elsewhere],
    ['alice', missing],
    ['alice', lie.id],
    ['alice', newId()],
  ] as const)
    expect(await codeOf(send(who, [file]))).toBe('VALIDATION_ERROR')
  expect(
    await codeOf(
      as('vera')(attachments.begin, { params: { id }, body: { name: 'x', size: 1, contentType: 'text/plain' } }),
    ),
  ).toBe('NOT_FOUND')
  expect(await codeOf(begin('alice', { size: 50 * 1024 * 1024 + 1 }))).toBe('VALIDATION_ERROR')
})

test('two messages at once do not share a file', async () => {
  const file = await upload()
  const codes = await Promise.all([codeOf(send('alice', [file])), codeOf(send('alice', [file]))])
  expect(codes.filter((code) => code === 'OK')).toHaveLength(1)
  expect(await service.rows('select from messages where attachments::text like $1', [`%${file}%`])).toHaveLength(1)
})

test('one clientId with a file four times at once is one message and four equal answers; who was removed gets 404', async () => {
  const [file, clientId] = [await upload('bob'), newId()]
  const same = await Promise.all(Array.from({ length: 4 }, () => send('bob', [file], { clientId })))
  for (const answer of same) expect(answer).toEqual(same[0])
  expect(await service.rows('select from messages where client_id = $1', [clientId])).toHaveLength(1)
  await as('alice')(participants.remove, { params: { id, userId: service.people.bob.id } })
  expect(await codeOf(send('bob', [file], { clientId }))).toBe('NOT_FOUND')
})

test('who sends a file again while the first time is not stored yet waits for it, and gets its answer', async () => {
  const [file, clientId] = [await upload(), newId()]
  const holder = await service.running.base.db.pool.connect()
  await holder.query('begin')
  await holder.query('select from kit.heads where topic = $1 for update', [`room:${id}`])
  const waiting = async (n: number) => {
    await expect
      .poll(() =>
        service.rows(
          "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query ~ 'kit.heads|update uploads'",
        ),
      )
      .toHaveLength(n)
  }
  const first = send('alice', [file], { clientId })
  await waiting(1)
  const second = send('alice', [file], { clientId })
  await waiting(2)
  await holder.query('commit')
  holder.release()
  expect(await second).toEqual(await first)
})

test('a file goes with its message, and with its room', async () => {
  const [first, second] = [await upload(), await upload()]
  const keys = [await keyOf(first), await keyOf(second)]
  const said = await send('alice', [first])
  await send('alice', [second])
  await as('alice')(messages.remove, { params: { id: said.id } })
  await gone(keys[0]!)
  expect(await codeOf(as('bob')(attachments.download, { params: { id, attachmentId: first } }))).toBe('NOT_FOUND')
  expect(await there(keys[1]!)).toBe(true)
  await service.rows("update rooms set deleted_at = now() - interval '31 days' where id = $1", [id])
  const { base } = service.running
  await purge({ ...base, tx: base.db.tx, job: { signal: new AbortController().signal } } as never)
  await gone(keys[1]!)
  expect(await service.rows('select from rooms where id = $1', [id])).toHaveLength(0)
})

test('what nobody sent is forgotten after an hour, the form’s object also where it was sent', async () => {
  const [sent, left] = [await upload(), await upload()]
  const [sentKey, leftKey] = [await keyOf(sent), await keyOf(left)]
  await send('alice', [sent])
  for (const [file, key] of [
    [sent, sentKey],
    [left, leftKey],
  ])
    await service.running.base.db.tx(async (tx) => void tx.addJob('upload.expire', { id: file, key }))
  for (const key of [`uploads/${sentKey}`, `uploads/${leftKey}`]) await gone(key)
  expect(await there(sentKey!)).toBe(true)
  expect(await codeOf(send('alice', [left]))).toBe('VALIDATION_ERROR')
})

test('a person has 25 uploads in a room that no message names yet', async () => {
  for (let i = 0; i < 25; i++) await begin('bob')
  expect(await codeOf(begin('bob'))).toBe('CONFLICT')
  expect((await begin('alice')).expiresIn).toBe(600)
})

test('of sixty uploads that are begun at once a person has 25', async () => {
  const codes = await Promise.all(Array.from({ length: 60 }, () => codeOf(begin('bob'))))
  expect(codes.filter((code) => code === 'OK')).toHaveLength(25)
  expect(codes.filter((code) => code === 'CONFLICT')).toHaveLength(35)
  expect(await service.rows('select from uploads where room_id = $1', [id])).toHaveLength(25)
})
