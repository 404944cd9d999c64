import { comments, events, members, tasks } from '@wealist/contract/board'
import { type BoardService, boardService, codeOf } from '@wealist/dev/testing/board-service'
import { allTold } from '@wealist/dev/testing/whole-tables'
import { newId } from '@wealist/kit/ids'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { purge } from './trash.ts'

let service: BoardService
let project: Awaited<ReturnType<BoardService['project']>>
let id: string
beforeAll(async () => {
  service = await boardService()
})
afterAll(() => service.stop())
beforeEach(async () => {
  project = await service.project()
  id = (await task(project)).id
})

type Who = keyof BoardService['people']
const as = (who: Who) => service.as(service.people[who])
const task = ({ boards: [board] }: { boards: { id: string }[] }) =>
  as('alice')(tasks.create, { params: { id: board!.id }, body: { title: 'Tea' } })
const say = (who: Who, content: string, more: object = {}, taskId = id) =>
  as(who)(comments.create, { params: { id: taskId }, body: { content, ...more } })
const list = async (limit = 100) => (await as('bob')(comments.list, { params: { id }, query: { limit } })).items
const counted = async () => (await as('alice')(tasks.get, { params: { id } })).counts.comments
const remove = (who: Who, commentId: string) => as(who)(comments.remove, { params: { id: commentId } })

test('comments come oldest first, page by page, and an answer to an answer joins the thread', async () => {
  const first = await say('alice', 'Six o’clock?')
  const answer = await say('bob', 'Yes', { parentId: first.id })
  const deeper = await say('alice', '좋아요', { parentId: answer.id })
  expect(first).toMatchObject({ authorName: 'Alice', parentId: null, version: 1, deletedAt: null })
  expect([answer.parentId, deeper.parentId]).toEqual([first.id, first.id])
  expect(await list()).toEqual([first, answer, deeper])
  const page = await as('bob')(comments.list, { params: { id }, query: { limit: 2 } })
  const rest = await as('bob')(comments.list, { params: { id }, query: { limit: 2, cursor: page.nextCursor! } })
  expect([...page.items, ...rest.items]).toEqual([first, answer, deeper])
  expect(await counted()).toBe(3)
})

test('a thread is of one task, a mention is of somebody who sees the project, and a viewer reads', async () => {
  const other = await task(project)
  const elsewhere = await say('alice', 'x', {}, other.id)
  expect(await codeOf(say('alice', 'x', { parentId: elsewhere.id }))).toBe('VALIDATION_ERROR')
  expect(await codeOf(say('alice', 'x', { mentions: [service.people.mallory.id] }))).toBe('VALIDATION_ERROR')
  expect((await say('alice', 'x', { mentions: [service.people.vera.id] })).mentions).toEqual([service.people.vera.id])
  const hidden = await service.project({ visibility: 'private' })
  const secret = await task(hidden)
  expect(await codeOf(say('alice', 'x', { mentions: [service.people.vera.id] }, secret.id))).toBe('VALIDATION_ERROR')
  expect((await say('alice', 'x', { mentions: [service.people.bob.id] }, secret.id)).mentions).toHaveLength(1)
  expect(await codeOf(say('vera', 'x'))).toBe('FORBIDDEN')
  expect(await codeOf(say('vera', 'x', {}, secret.id))).toBe('NOT_FOUND')
  expect(await codeOf(as('mallory')(comments.list, { params: { id }, query: {} }))).toBe('NOT_FOUND')
})

test('its author changes a comment, twenty who do at once with If-Match are one; others do not', async () => {
  const { id: commentId, version } = await say('bob', 'tpyo')
  const change = (who: Who, content: string, headers = {}) =>
    as(who)(comments.update, { params: { id: commentId }, body: { content } }, headers)
  expect(await codeOf(change('alice', 'x'))).toBe('FORBIDDEN')
  const codes = await Promise.all(
    Array.from({ length: 20 }, (_, n) => codeOf(change('bob', `typo ${n}`, { 'if-match': `"${version}"` }))),
  )
  expect(codes.filter((c) => c === 'OK')).toHaveLength(1)
  expect(codes.filter((c) => c === 'VERSION_MISMATCH')).toHaveLength(19)
  await as('alice')(members.update, {
    params: { id: project.id, userId: service.people.bob.id },
    body: { role: 'viewer' },
  })
  expect(await codeOf(change('bob', 'x'))).toBe('FORBIDDEN')
})

test('a deleted comment leaves a mark without its words, in the log too; its author and admins may', async () => {
  const hers = await say('alice', 'hers')
  const his = await say('bob', 'my password is hunter2')
  await as('bob')(comments.update, { params: { id: his.id }, body: { content: 'forget hunter2' } })
  await say('alice', 'what?', { parentId: his.id })
  expect(await codeOf(remove('bob', hers.id))).toBe('FORBIDDEN')
  await remove('alice', his.id)
  expect(await codeOf(remove('bob', his.id))).toBe('NOT_FOUND')
  expect(await codeOf(say('bob', 'x', { parentId: his.id }))).toBe('VALIDATION_ERROR')
  const mark = (await list()).find((c) => c.id === his.id)!
  expect(mark).toMatchObject({ content: '', mentions: [], authorName: 'Bob', version: 3 })
  expect(await counted()).toBe(2)
  const log = (await as('alice')(events.list, { params: { id: project.id }, query: { limit: 100 } })).items
  expect(JSON.stringify(log)).not.toContain('hunter2')
  expect(log.at(-1)).toMatchObject({ type: 'comment.deleted', payload: { id: his.id, counts: { comments: 2 } } })
})

test('however many comment and delete at once, what is counted is what is there', async () => {
  const made = await Promise.all(Array.from({ length: 20 }, (_, n) => say(n % 2 ? 'alice' : 'bob', `c${n}`)))
  const removing = made.slice(0, 10).map(async (c) => {
    const twice = await Promise.all([codeOf(remove('alice', c.id)), codeOf(remove('alice', c.id))])
    expect(twice.toSorted()).toEqual(['NOT_FOUND', 'OK'])
  })
  await Promise.all([...removing, ...made.slice(10).map((c) => say('bob', 'me too', { parentId: c.id }))])
  expect(await counted()).toBe(20)
  expect((await list()).filter((c) => c.deletedAt === null)).toHaveLength(20)
})

test('a task in the trash shows and takes no comments; with it, for good, goes what they said', async () => {
  const { id: commentId } = await say('alice', 'remember-the-milk')
  await as('alice')(tasks.remove, { params: { id } })
  expect(await codeOf(list())).toBe('NOT_FOUND')
  expect(await codeOf(say('alice', 'x'))).toBe('NOT_FOUND')
  expect(await codeOf(remove('alice', commentId))).toBe('NOT_FOUND')
  const edit = as('alice')(comments.update, { params: { id: commentId }, body: { content: 'x' } })
  expect(await codeOf(edit)).toBe('NOT_FOUND')
  await service.rows("update tasks set deleted_at = now() - interval '31 days' where id = $1", [id])
  const { base } = service.running
  await purge({ ...base, tx: base.db.tx, job: { signal: new AbortController().signal } } as never)
  expect(await service.rows('select from comments where id = $1', [commentId])).toHaveLength(0)
  expect(await service.rows("select from kit.events where payload like '%remember-the-milk%'")).toHaveLength(0)
})

test('one more comment reads as few rows of a task with thousands as of one with none; two at once do not pass the bound', async () => {
  const read = async () => {
    await allTold(service.running.base.db)
    const [row] = await service.rows<{ n: number }>(
      `select sum(idx_tup_read)::int as n from pg_stat_user_indexes where relname = 'comments'`,
    )
    return row!.n
  }
  await service.rows(
    `insert into comments (id, task_id, project_id, author_id, author_name, content)
      select gen_random_uuid(), $1, $2, $3, 'Alice', '' from generate_series(1, 4998) n`,
    [id, project.id, service.people.alice.id],
  )
  await service.rows('update tasks set comment_count = 4998 where id = $1', [id])
  const before = await read()
  await say('alice', 'nearly the last')
  expect((await read()) - before).toBeLessThan(10)
  const codes = await Promise.all(
    ['alice', 'bob', 'alice', 'bob'].map((who) => codeOf(say(who as Who, 'the last one'))),
  )
  expect(codes.toSorted()).toEqual(['CONFLICT', 'CONFLICT', 'CONFLICT', 'OK'])
})

test('a task has 5,000 comments at most, those that were deleted too: of each a row stays', async () => {
  await service.rows(
    `insert into comments (id, task_id, project_id, author_id, author_name, content, deleted_at)
      select gen_random_uuid(), $1, $2, $3, 'Alice', '', now() from generate_series(1, 4999)`,
    [id, project.id, service.people.alice.id],
  )
  await service.rows('update tasks set deleted_comment_count = 4999 where id = $1', [id])
  const { id: last } = await say('alice', 'the last one')
  await remove('alice', last)
  expect(await counted()).toBe(0)
  expect(await codeOf(say('alice', 'one more'))).toBe('CONFLICT')
  expect(await codeOf(as('alice')(comments.remove, { params: { id: newId() } }))).toBe('NOT_FOUND')
})
