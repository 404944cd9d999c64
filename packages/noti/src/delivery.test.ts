import { internal, notifications, preferences } from '@wealist/contract/noti'
import type { Item } from '@wealist/contract/noti/internal'
import type { NewPreferences } from '@wealist/contract/noti/preferences'
import { actor, assigned, type NotiService, notiService, workspaceId } from '@wealist/dev/testing/noti-service'
import { newId } from '@wealist/kit/ids'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'

let service: NotiService
let at = Date.now()
let alice: { id: string }
let bob: { id: string }
beforeAll(async () => void (service = await notiService({}, { clock: { now: () => at } })))
afterAll(() => service.stop())
beforeEach(() => {
  at = Date.now()
  alice = { id: newId() }
  bob = { id: newId() }
})

const listOf = async (person: { id: string }) =>
  (await service.as(person)(notifications.list, { query: { limit: 100 } })).items
const headOf = async (person: { id: string }) => (await service.as(person)(notifications.unreadCount, {})).seq
const message = (recipients: string[], chatId: string, more: Partial<Item> = {}) =>
  ({
    eventId: newId(),
    source: 'chat',
    type: 'chat_message',
    recipients,
    actorId: actor,
    workspaceId,
    data: { actorName: 'Bob', chatId, chatName: 'Tea', messageId: newId(), excerpt: 'hello' },
    fold: `room:${chatId}`,
    ...more,
  }) as Item

test('the same item posted five times in parallel is one notification a person, and moves their seq once', async () => {
  const item = assigned([alice.id, bob.id])
  const answers = await Promise.all(Array.from({ length: 5 }, () => service.tell(item)))
  expect(answers.reduce((n, a) => n + a.created, 0)).toBe(2)
  expect(answers.reduce((n, a) => n + a.duplicates, 0)).toBe(8)
  for (const person of [alice, bob]) {
    expect(await listOf(person)).toHaveLength(1)
    expect(await headOf(person)).toBe(1)
  }
})

test('the actor never hears of their own deed, and nobody twice of one event, whatever the item says it is', async () => {
  const item = assigned([actor, alice.id, alice.id, bob.id])
  const again = { ...message([alice.id], newId()), source: item.source, eventId: item.eventId } as Item
  expect(await service.tell(item, again)).toEqual({ created: 2, duplicates: 1 })
  expect(await listOf({ id: actor })).toEqual([])
  expect((await listOf(alice)).map((n) => n.type)).toEqual(['task_assigned'])
  expect(await service.tell(assigned([actor]))).toEqual({ created: 0, duplicates: 0 })
})

test('a batch that is repeated with someone new in it tells only the new one', async () => {
  const item = assigned([alice.id])
  await service.tell(item)
  expect(await service.tell({ ...item, recipients: [alice.id, bob.id] })).toEqual({ created: 1, duplicates: 1 })
  expect([await headOf(alice), await headOf(bob)]).toEqual([1, 1])
})

test('60 items for the same 30 people in different orders, at once: all arrive, each log is dense, nothing deadlocks', async () => {
  const people = Array.from({ length: 30 }, () => newId())
  const before = await service.rows<{ deadlocks: string }>(
    'select deadlocks from pg_stat_database where datname = current_database()',
  )
  const answers = await Promise.all(
    Array.from({ length: 60 }, (_, i) =>
      service.tell(i % 3 ? assigned(people.toSorted(() => Math.random() - 0.5)) : message(people, workspaceId)),
    ),
  )
  expect(answers.reduce((n, a) => n + a.created, 0)).toBe(60 * 30)
  for (const id of people.slice(0, 5)) {
    const seqs = await service.rows<{ seq: string }>('select seq from kit.events where topic = $1 order by seq', [
      `user:${id}`,
    ])
    expect(seqs.map((s) => Number(s.seq))).toEqual(Array.from({ length: 60 }, (_, i) => i + 1))
  }
  await service.rows('select pg_stat_clear_snapshot()')
  expect(await service.rows('select deadlocks from pg_stat_database where datname = current_database()')).toEqual(
    before,
  )
})

test('what somebody reads, reads all of, deletes and is told at once never leaves the order of the log', async () => {
  const chat = newId()
  await Promise.all(
    Array.from({ length: 40 }, async (_, i) => {
      await service.tell(i % 2 ? assigned([alice.id]) : message([alice.id], chat))
      if (i % 5 === 0) await service.as(alice)(notifications.readAll, { body: {} })
      const first = i % 3 === 0 ? (await listOf(alice))[0] : undefined
      const params = { id: first?.id ?? '' }
      if (first)
        await service
          .as(alice)(i % 2 ? notifications.remove : notifications.read, { params })
          .catch((e: { code: string }) => expect(e.code).toBe('NOT_FOUND'))
    }),
  )
  const events = await service.rows<{ seq: string }>('select seq from kit.events where topic = $1 order by seq', [
    `user:${alice.id}`,
  ])
  expect(events.map((e) => Number(e.seq))).toEqual(events.map((_, i) => i + 1))
  expect(await headOf(alice)).toBe(events.length)
})

test('messages of one room are one notification until it is read, each told once', async () => {
  const chat = newId()
  const items = [message([alice.id], chat), message([alice.id], chat), message([alice.id], chat)]
  for (const item of [...items, ...items]) await service.tell(item)
  const [one, ...more] = await listOf(alice)
  expect(more).toEqual([])
  expect(one).toMatchObject({ count: 3, version: 3, title: 'Tea', message: '3 new messages, the last from Bob: hello' })
  expect(await service.as(alice)(notifications.unreadCount, {})).toEqual({ count: 1, seq: 3 })
  await service.as(alice)(notifications.read, { params: { id: one!.id } })
  await service.tell(message([alice.id], chat), message([alice.id], newId()))
  expect((await listOf(alice)).map((n) => [n.count, n.isRead])).toEqual([
    [1, false],
    [1, false],
    [3, true],
  ])
})

const prefer = (person: { id: string }, more: Partial<NewPreferences>) =>
  service.as(person)(preferences.put, {
    body: { timezone: 'UTC', quietHours: null, inApp: {}, workspaces: [], ...more },
  })

test('what somebody switched off, by type or in one workspace, is neither stored nor counted', async () => {
  const other = newId()
  await prefer(alice, {
    inApp: { task_assigned: false },
    workspaces: [{ workspaceId: other, inApp: { task_assigned: true, chat_message: false } }],
  })
  expect(await service.tell(assigned([alice.id, bob.id]))).toEqual({ created: 1, duplicates: 0 })
  expect(await service.tell(assigned([alice.id], { workspaceId: other }))).toEqual({ created: 1, duplicates: 0 })
  expect(await service.tell(message([alice.id], newId(), { workspaceId: other }))).toEqual({
    created: 0,
    duplicates: 0,
  })
  expect(await service.tell(message([alice.id], newId()))).toEqual({ created: 1, duplicates: 0 })
  expect(await listOf(alice)).toHaveLength(2)
})

test('in quiet hours everything is stored and counted, and marked silent', async () => {
  await prefer(alice, { timezone: 'Asia/Seoul', quietHours: { start: '22:00', end: '07:00' } })
  const silent = async (time: string) => {
    at = Date.parse(time)
    await service.tell(assigned([alice.id]))
    at = Date.now()
    return (await listOf(alice))[0]!.silent
  }
  // Seoul is nine hours ahead.
  expect(await silent('2026-03-01T12:59:59Z')).toBe(false)
  expect(await silent('2026-03-01T13:00:00Z')).toBe(true)
  expect(await silent('2026-03-01T21:59:59Z')).toBe(true)
  expect(await silent('2026-03-01T22:00:00Z')).toBe(false)
  expect((await service.as(alice)(notifications.unreadCount, {})).count).toBe(4)
})

const settled = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 10_000, interval: 50 })

test('the notifications of a deleted workspace vanish for everybody, once, and none come after', async () => {
  const gone = newId()
  const secret = { data: { ...assigned([]).data, taskTitle: 'secret-of-the-workspace' }, workspaceId: gone }
  await service.tell(assigned([alice.id, bob.id], secret), assigned([alice.id, bob.id], secret), assigned([alice.id]))
  const remove = () => service.internal(internal.workspaceDeleted, { params: { id: gone } })
  await remove()
  await settled(async () => {
    expect((await listOf(alice)).map((n) => n.workspaceId)).toEqual([workspaceId])
    expect(await listOf(bob)).toEqual([])
  })
  expect([await headOf(alice), await headOf(bob)]).toEqual([4, 3])
  await remove()
  expect(await service.tell(assigned([alice.id], secret))).toEqual({ created: 0, duplicates: 0 })
  await settled(async () =>
    expect(await service.rows('select from graphile_worker.jobs where key not like $1', ['%again'])).toEqual([]),
  )
  expect([await headOf(alice), await headOf(bob)]).toEqual([4, 3])
  expect(JSON.stringify(await service.rows('select payload from kit.events'))).not.toContain('secret-of-the-workspace')
})

test('of a person who is deleted, nothing is left to read', async () => {
  await prefer(alice, { timezone: 'Asia/Seoul' })
  await service.tell(assigned([alice.id], { data: { ...assigned([]).data, taskTitle: 'secret-of-alice' } }))
  await service.internal(internal.personDeleted, { params: { id: alice.id } })
  await settled(async () => expect(await listOf(alice)).toEqual([]))
  expect(JSON.stringify(await service.rows('select payload from kit.events'))).not.toContain('secret-of-alice')
  expect(await service.rows('select from preferences where user_id = $1', [alice.id])).toEqual([])
})

test('after 90 days notifications and receipts are dropped, and nothing younger', async () => {
  await service.tell(assigned([alice.id]), assigned([alice.id]))
  const [young, old] = await listOf(alice)
  await service.rows(`update notifications set created_at = now() - interval '91 days' where id = $1`, [old!.id])
  await service.rows(`update receipts set at = now() - interval '91 days' where recipient_id = $1`, [bob.id])
  await service.tell(assigned([bob.id]))
  await service.rows(`update receipts set at = now() - interval '91 days' where recipient_id = $1`, [bob.id])
  const expire = service.running.spec.jobs!.find((job) => job.name === 'notifications.expire')!
  const { base } = service.running
  await (expire.handler as unknown as (ctx: object) => Promise<void>)({
    db: base.db,
    job: { signal: new AbortController().signal },
  })
  expect((await listOf(alice)).map((n) => n.id)).toEqual([young!.id])
  expect(await service.rows('select from receipts where recipient_id = $1', [bob.id])).toEqual([])
  expect(await service.rows('select from receipts where recipient_id = $1', [alice.id])).toHaveLength(2)
})
