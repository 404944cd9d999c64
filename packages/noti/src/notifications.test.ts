import { type NotificationType, kinds } from '@wealist/contract/noti/kinds'
import { notifications } from '@wealist/contract/noti'
import { actor, assigned, type NotiService, notiService, workspaceId } from '@wealist/dev/testing/noti-service'
import { ofRequests } from '@wealist/dev/testing/statements'
import { newId } from '@wealist/kit/ids'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'

let service: NotiService
let alice: { id: string }
const stranger = { id: newId() }
const { statements, observe } = ofRequests()
beforeAll(async () => void (service = await notiService({}, { observe })))
afterAll(() => service.stop())
beforeEach(() => void (alice = { id: newId() }))

const list = (query: object = {}, headers: Record<string, string> = {}) =>
  service.as(alice)(notifications.list, { query }, headers)
const unread = async () => service.as(alice)(notifications.unreadCount, {})
const tell = async (times: number, more = {}) => {
  for (let i = 0; i < times; i++) await service.tell(assigned([alice.id], more))
}
const code = (work: Promise<unknown>) =>
  work.then(
    () => 'OK',
    (e: { code: string }) => e.code,
  )

test('the newest comes first, pages meet without a gap or a double, and each answer carries the seq of the topic', async () => {
  await tell(25)
  const seen: string[] = []
  let cursor: string | undefined
  do {
    const page = await list({ limit: 10, ...(cursor && { cursor }) })
    expect(page.seq).toBe(25)
    seen.push(...page.items.map((n) => n.id))
    cursor = page.nextCursor ?? undefined
  } while (cursor)
  const stored = await service.rows<{ id: string }>(
    'select n.id from notifications n join kit.events e on e.subject = n.id where recipient_id = $1 order by e.seq desc',
    [alice.id],
  )
  expect(seen).toEqual(stored.map((row) => row.id))
  expect(await service.as(stranger)(notifications.list, {})).toEqual({ items: [], nextCursor: null, seq: 0 })
})

test('unread ones, and those of one workspace, can be asked for', async () => {
  const other = newId()
  await tell(2)
  await tell(2, { workspaceId: other })
  const [first] = (await list({ workspaceId: other })).items
  await service.as(alice)(notifications.read, { params: { id: first!.id } })
  expect((await list({ workspaceId: other })).items).toHaveLength(2)
  expect((await list({ workspaceId: other, unreadOnly: 'true' })).items).toHaveLength(1)
  expect((await list({ unreadOnly: 'true' })).items).toHaveLength(3)
  expect((await list({ unreadOnly: 'false' })).items).toHaveLength(4)
})

test('reading counts at once, once, and only forward', async () => {
  await tell(3)
  expect(await unread()).toEqual({ count: 3, seq: 3 })
  const [first] = (await list()).items
  const read = () => service.as(alice)(notifications.read, { params: { id: first!.id } })
  const once = await read()
  expect(once).toMatchObject({ isRead: true, version: 2 })
  expect(await unread()).toEqual({ count: 2, seq: 4 })
  expect(await read()).toEqual(once)
  expect(await unread()).toEqual({ count: 2, seq: 4 })
  const all = await Promise.all(Array.from({ length: 5 }, () => service.as(alice)(notifications.readAll, { body: {} })))
  expect(all.map((a) => a.count).toSorted()).toEqual([0, 0, 0, 0, 2])
  expect(await unread()).toEqual({ count: 0, seq: 5 })
})

test('read-all of a workspace leaves the others unread', async () => {
  await tell(2)
  await tell(3, { workspaceId: newId() })
  expect(await service.as(alice)(notifications.readAll, { body: { workspaceId } })).toEqual({ count: 2 })
  expect((await unread()).count).toBe(3)
})

test('what is deleted is gone from answers and from the log, and is not told again', async () => {
  const item = assigned([alice.id], { data: { ...assigned([]).data, taskTitle: 'secret-title' } })
  await service.tell(item)
  const { id } = (await list()).items[0]!
  await service.as(alice)(notifications.remove, { params: { id } })
  expect(await code(service.as(alice)(notifications.get, { params: { id } }))).toBe('NOT_FOUND')
  expect(await code(service.as(alice)(notifications.remove, { params: { id } }))).toBe('NOT_FOUND')
  expect(await service.tell(item)).toEqual({ created: 0, duplicates: 1 })
  expect(await list()).toEqual({ items: [], nextCursor: null, seq: 2 })
  const log = await service.rows('select payload from kit.events where topic = $1', [`user:${alice.id}`])
  expect(JSON.stringify(log)).not.toContain('secret-title')
})

test('nobody sees, reads or deletes what is another’s', async () => {
  await tell(1)
  const { id } = (await list()).items[0]!
  for (const route of [notifications.get, notifications.read, notifications.remove])
    expect(await code(service.as(stranger)(route, { params: { id } }))).toBe('NOT_FOUND')
  expect((await list()).items[0]).toMatchObject({ id, isRead: false })
})

const examples: { [T in NotificationType]: unknown } = (() => {
  const by = { actorName: '홍길동' }
  const inProject = { projectId: newId(), projectName: '출시' }
  const ofTask = { ...inProject, taskId: newId(), taskTitle: '기획서' }
  const inRoom = { chatId: newId(), chatName: '잡담' }
  return {
    task_assigned: { ...by, ...ofTask },
    task_due_soon: { ...ofTask, dueDate: '2026-01-02T03:04:05Z' },
    task_completed: { ...by, ...ofTask },
    task_updated: { ...by, ...ofTask, changed: ['title', 'dueDate', 'somethingNew'] },
    comment_added: { ...by, ...ofTask, commentId: newId(), excerpt: '좋아요' },
    mention: { ...by, ...ofTask, commentId: newId(), excerpt: '@alice 확인' },
    chat_message: { ...by, ...inRoom, messageId: newId(), excerpt: '안녕' },
    workspace_invited: { ...by, workspaceName: '원더랜드', invitationId: newId(), role: 'admin' },
    workspace_role_changed: { ...by, workspaceName: '원더랜드', role: 'member' },
    project_invited: { ...by, ...inProject, role: 'viewer' },
  }
})()

test('every type has its text in Korean and English, by Accept-Language, and English for who asks for neither', async () => {
  for (const type of Object.keys(kinds) as NotificationType[])
    await service.tell({
      eventId: newId(),
      source: 'board',
      recipients: [alice.id],
      actorId: type === 'task_due_soon' ? null : actor,
      workspaceId,
      type,
      data: examples[type],
    } as never)
  const ko = (await list({}, { 'accept-language': 'ko-KR,ko;q=0.9,en;q=0.8' })).items
  const en = (await list({}, { 'accept-language': 'de;q=1, en-GB;q=0.7, ko;q=0.2' })).items
  const other = (await list({}, { 'accept-language': 'fr, *;q=0.1' })).items
  expect(ko.map((n) => n.type).toSorted()).toEqual(Object.keys(kinds).toSorted())
  expect(other).toEqual(en)
  for (const [i, n] of ko.entries()) {
    // Names stay as they are; everything else is in the language.
    const own = (text: string) => text.replace(/홍길동|출시|기획서|좋아요|@alice 확인|잡담|안녕|원더랜드/g, '')
    expect(own(n.message)).toMatch(/[가-힣]/)
    expect(own(n.message)).not.toMatch(/[a-z]|undefined|null/i)
    expect(own(en[i]!.message)).toMatch(/^[\u0020-\u007e“”]*$/)
    expect(en[i]!.message).not.toMatch(/undefined|null/)
    expect(n.title.length).toBeGreaterThan(0)
    expect({ ...n, title: '', message: '' }).toEqual({ ...en[i], title: '', message: '' })
  }
  const updated = en.find((n) => n.type === 'task_updated')!
  expect(updated.message).toBe('홍길동 changed the title, the due date, and details of “기획서” in 출시.')
})

test('each endpoint asks a constant number of statements, however much there is', async () => {
  const counts = async () => {
    const counted: Record<string, number> = {}
    const count = async (name: string, work: () => Promise<unknown>) => {
      statements.length = 0
      await work()
      counted[name] = statements.length
    }
    const [first, second] = (await list()).items
    await count('list', () => list({ limit: 100 }))
    await count('unreadCount', unread)
    await count('get', () => service.as(alice)(notifications.get, { params: { id: first!.id } }))
    await count('read', () => service.as(alice)(notifications.read, { params: { id: first!.id } }))
    await count('remove', () => service.as(alice)(notifications.remove, { params: { id: second!.id } }))
    await count('readAll', () => service.as(alice)(notifications.readAll, { body: {} }))
    await count('create', () => service.tell(assigned([alice.id])))
    return counted
  }
  await tell(3)
  const few = await counts()
  await tell(100)
  expect(await counts()).toEqual(few)
  expect(few).toMatchObject({ list: 1, unreadCount: 1, get: 1 })
  statements.length = 0
  await service.tell(assigned(Array.from({ length: 100 }, () => newId())))
  expect(statements).toHaveLength(few['create']!)
})

test('with 20,000 notifications, half of them hers, every list and count is read from an index', async () => {
  await service.rows(
    `insert into notifications (id, recipient_id, source, type, workspace_id, data, silent, read_at, created_at)
     select gen_random_uuid(), case when n % 2 = 0 then $1 else ('00000000-0000-7000-8000-' || lpad((n % 199)::text, 12, '0'))::uuid end,
       'board', 'task_due_soon', ('00000000-0000-7000-9000-' || lpad((n % 7)::text, 12, '0'))::uuid, '{}', false,
       case when n % 3 = 0 then now() end, now() - make_interval(secs => n)
     from generate_series(1, 20000) n`,
    [alice.id],
  )
  // As many topics: of a few, all are read at once, and rightly.
  await service.rows(
    "insert into kit.heads (topic, head) select 'user:' || gen_random_uuid(), 1 from generate_series(1, 20000)",
  )
  await service.rows('analyze notifications, kit.heads')
  statements.length = 0
  const one = newId()
  const busy = '00000000-0000-7000-9000-000000000003'
  await Promise.all([
    code(service.as(alice)(notifications.list, {})),
    code(service.as(alice)(notifications.list, { query: { unreadOnly: 'true' } })),
    code(service.as(alice)(notifications.list, { query: { workspaceId: busy } })),
    code(service.as(alice)(notifications.list, { query: { workspaceId: busy, unreadOnly: 'true' } })),
    code(service.as(alice)(notifications.unreadCount, {})),
    code(service.as(alice)(notifications.get, { params: { id: one } })),
  ])
  expect(statements).toHaveLength(6)
  for (const { text, values } of [...statements]) {
    const plan = await service.rows<{ 'QUERY PLAN': string }>(`explain ${text}`, values)
    const lines = plan.map((row) => row['QUERY PLAN']).join('\n')
    expect(lines).toMatch(/notifications_(newest|unread|workspace|pkey)/)
    expect(lines).not.toMatch(/Seq Scan on (notifications|heads)|Sort Key: n\.created_at/)
  }
})
