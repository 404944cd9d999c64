import { comments, members, projects, tasks } from '@wealist/contract/board'
import type { NewTask } from '@wealist/contract/board/tasks'
import { notifications } from '@wealist/contract/noti'
import { type BoardService, boardService } from '@wealist/dev/testing/board-service'
import { startLine } from '@wealist/dev/testing/line'
import { type NotiService, notiService } from '@wealist/dev/testing/noti-service'
import type { Asker } from '@wealist/dev/testing/one-service'
import { newId } from '@wealist/kit/ids'
import type { Tx } from '@wealist/kit/tx'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import * as notices from './notices.ts'

let noti: NotiService
let line: Awaited<ReturnType<typeof startLine>>
let board: BoardService
let project: Awaited<ReturnType<BoardService['project']>>
let people: BoardService['people']
beforeAll(async () => {
  noti = await notiService()
  line = await startLine(noti.url)
  board = await boardService({ NOTI_URL: new URL(line.url).origin, NOTI_KEY: 'test-key' })
  people = board.people
})
afterAll(async () => {
  await board.stop()
  await line.down()
  await noti.stop()
})
beforeEach(async () => {
  project = await board.project()
  await board.idle()
  await noti.rows('truncate notifications')
})

const newTask = (as: Asker, more: Partial<NewTask> = {}, of = project) =>
  board.as(as)(tasks.create, { params: { id: of.boards[0]!.id }, body: { title: 'Plan', ...more } })
const change = (as: Asker, id: string, body: { status?: 'todo' | 'done'; assigneeId?: string | null }) =>
  board.as(as)(tasks.update, { params: { id }, body })
const watch = (taskId: string, ...watchers: Asker[]) =>
  board.rows('update tasks set watcher_ids = $2 where id = $1', [taskId, watchers.map((w) => w.id)])
const inTx = (work: (tx: Tx) => void) => board.running.base.db.tx(async (tx) => work(tx))
const comment = async (
  author: Asker & { name: string },
  task: { id: string },
  { content = 'hello', parentId = null as string | null, mentions = [] as Asker[] } = {},
) => {
  const id = newId()
  const names = mentions.map((m) => m.id)
  await board.rows(
    `insert into comments (id, task_id, project_id, parent_id, author_id, author_name, content, mentions)
     select $1, t.id, t.project_id, $3, $4, $5, $6, $7 from tasks t where t.id = $2`,
    [id, task.id, parentId, author.id, author.name, content, names],
  )
  await inTx((tx) => notices.commented(tx, author, { commentId: id }))
  return id
}
/** What everybody has heard, oldest first, once nothing is on its way any more. */
const heard = async () => {
  await board.idle()
  const lists = await Promise.all(
    Object.entries(people).map(async ([who, person]) => {
      const { items } = await noti.as(person)(notifications.list, { query: {} })
      return [who, items.map((n) => n.type).toReversed()] as const
    }),
  )
  return Object.fromEntries(lists.filter(([, types]) => types.length > 0))
}
const newest = async (person: Asker) => {
  await board.idle()
  return (await noti.as(person)(notifications.list, { query: {} })).items[0]
}

const quoted = async (person: Asker) => ((await newest(person))!.data as { excerpt: string }).excerpt

test('who gets a task hears of it, when it is made and when it is given; not again, and not who takes it', async () => {
  const { alice, bob, vera } = people
  const made = await newTask(alice, { assigneeId: bob.id })
  expect(await heard()).toEqual({ bob: ['task_assigned'] })
  expect(await newest(bob)).toMatchObject({
    actorId: alice.id,
    workspaceId: board.workspaceId,
    data: { projectId: project.id, projectName: 'Launch', taskId: made.id, taskTitle: 'Plan', actorName: 'Alice' },
  })
  await change(alice, made.id, { assigneeId: bob.id })
  await board.as(alice)(tasks.assign, { params: { id: made.id }, body: { assigneeId: bob.id } })
  await change(bob, made.id, { assigneeId: null })
  await change(bob, made.id, { assigneeId: bob.id })
  await newTask(alice, { assigneeId: alice.id })
  expect(await heard()).toEqual({ bob: ['task_assigned'] })
  await change(bob, made.id, { assigneeId: vera.id })
  await change(bob, made.id, { assigneeId: null })
  await change(bob, made.id, { assigneeId: vera.id })
  expect(await heard()).toEqual({ bob: ['task_assigned'], vera: ['task_assigned', 'task_assigned'] })
})

test('that a task is done is told to who made it, has it and watches it, each once, but not to who did it', async () => {
  const { alice, bob, vera } = people
  const made = await newTask(alice, { assigneeId: bob.id })
  await watch(made.id, alice, bob, vera)
  await heard()
  await change(bob, made.id, { status: 'done' })
  await change(bob, made.id, { status: 'done' })
  expect(await heard()).toEqual({ bob: ['task_assigned'], alice: ['task_completed'], vera: ['task_completed'] })
  await change(bob, made.id, { status: 'todo' })
  await change(alice, made.id, { status: 'done' })
  expect(await heard()).toEqual({
    bob: ['task_assigned', 'task_completed'],
    alice: ['task_completed'],
    vera: ['task_completed', 'task_completed'],
  })
})

test('one change that gives a task away and ends it is told to each once', async () => {
  const { alice, bob, vera } = people
  const made = await newTask(alice)
  await watch(made.id, bob, vera)
  await change(alice, made.id, { status: 'done', assigneeId: bob.id })
  expect(await heard()).toEqual({ bob: ['task_assigned'], vera: ['task_completed'] })
})

test('a comment is told to who follows the task or began the thread; who is mentioned hears that alone; its author nothing', async () => {
  const { alice, bob, vera } = people
  const made = await newTask(alice)
  await watch(made.id, bob)
  const root = await comment(vera, made, { mentions: [bob, vera] })
  expect(await heard()).toEqual({ alice: ['comment_added'], bob: ['mention'] })
  expect(await newest(bob)).toMatchObject({
    actorId: vera.id,
    data: { actorName: 'Vera', taskId: made.id, taskTitle: 'Plan', commentId: root, excerpt: 'hello' },
  })
  await comment(bob, made, { parentId: root })
  expect(await heard()).toEqual({
    alice: ['comment_added', 'comment_added'],
    bob: ['mention'],
    vera: ['comment_added'],
  })
})

test('a mention that is added later is told to who has not heard of the comment', async () => {
  const { alice, bob, vera } = people
  const made = await newTask(alice)
  const id = await comment(bob, made, { mentions: [] })
  expect(await heard()).toEqual({ alice: ['comment_added'] })
  await board.rows('update comments set mentions = $2, version = 2 where id = $1', [id, [alice.id, vera.id]])
  const added = { commentId: id, userIds: [alice.id, vera.id, people.mallory.id] }
  await inTx((tx) => notices.mentioned(tx, bob, added))
  await inTx((tx) => notices.mentioned(tx, bob, added))
  expect(await heard()).toEqual({ alice: ['comment_added'], vera: ['mention'] })
})

test('an excerpt is the beginning of the comment, and whole characters', async () => {
  const made = await newTask(people.alice)
  for (const [content, excerpt] of [
    [`${'a'.repeat(299)}😀 more`, 'a'.repeat(299)],
    ['😀'.repeat(200), '😀'.repeat(150)],
    ['', ''],
  ]) {
    await comment(people.bob, made, { content: content! })
    expect(await newest(people.alice)).toMatchObject({ data: { excerpt } })
  }
})

test('a comment that is edited is quoted as it is now by all who were told of it, and one that is deleted since not at all', async () => {
  const { alice, bob, vera } = people
  const made = await newTask(alice)
  const body = { content: 'secret-password', mentions: [vera.id] }
  const { id } = await board.as(bob)(comments.create, { params: { id: made.id }, body })
  const edit = (content: string) => board.as(bob)(comments.update, { params: { id }, body: { content } })
  expect([await quoted(alice), await quoted(vera)]).toEqual(['secret-password', 'secret-password'])
  for (const content of ['secret-draft', 'final']) await edit(content)
  for (const person of [alice, vera]) await expect.poll(() => quoted(person)).toBe('final')
  expect(JSON.stringify(await noti.rows('select payload from kit.events'))).not.toContain('secret')
  await line.down()
  await edit('secret-last')
  await board.as(bob)(comments.remove, { params: { id } })
  await line.up()
  for (const person of [alice, vera]) await expect.poll(() => quoted(person)).toBe('')
  expect(await heard()).toEqual({ alice: ['comment_added'], vera: ['mention'] })
})

test('words that were edited out are quoted no more where their task went into the trash before anybody was told', async () => {
  const { alice, bob } = people
  const made = await newTask(alice)
  const { id } = await board.as(bob)(comments.create, { params: { id: made.id }, body: { content: 'secret-password' } })
  expect(await quoted(alice)).toBe('secret-password')
  await line.down()
  await board.as(bob)(comments.update, { params: { id }, body: { content: 'final' } })
  await board.as(alice)(tasks.remove, { params: { id: made.id } })
  await line.up()
  await expect.poll(() => quoted(alice)).toBe('final')
})

test('who is added to a project hears of it, each time', async () => {
  const { alice, vera } = people
  const params = { id: project.id }
  await board.as(alice)(members.add, { params, body: { userId: vera.id, role: 'viewer' } })
  expect(await heard()).toEqual({ vera: ['project_invited'] })
  expect(await newest(vera)).toMatchObject({ data: { projectName: 'Launch', role: 'viewer', actorName: 'Alice' } })
  await board.as(alice)(members.remove, { params: { ...params, userId: vera.id } })
  await board.as(alice)(members.add, { params, body: { userId: vera.id } })
  expect(await heard()).toEqual({ vera: ['project_invited', 'project_invited'] })
})

test('who cannot see the project any more hears nothing: out of it, out of the workspace, never in either', async () => {
  const { alice, bob, vera, mallory } = people
  const secret = await board.project({ visibility: 'private' })
  const made = await newTask(alice, { assigneeId: bob.id }, secret)
  await watch(made.id, bob, vera, mallory)
  await heard()
  await comment(alice, made, { mentions: [vera, mallory] })
  expect(await heard()).toEqual({ bob: ['project_invited', 'task_assigned', 'comment_added'] })
  await board.as(alice)(members.remove, { params: { id: secret.id, userId: bob.id } })
  await comment(alice, made, { mentions: [bob] })
  expect(await heard()).toEqual({ bob: ['project_invited', 'task_assigned', 'comment_added'] })

  const open = await newTask(alice, { assigneeId: bob.id })
  await watch(open.id, vera, mallory)
  await heard()
  await board.setMember(vera.id, null)
  await board.setMember(bob.id, null)
  await change(alice, open.id, { status: 'done' })
  await comment(alice, open, { mentions: [vera] })
  expect(await heard()).toEqual({ bob: ['project_invited', 'task_assigned', 'comment_added', 'task_assigned'] })
  for (const { id } of [bob, vera]) await board.setMember(id, 'member')
})

test('what lies in the trash, or in a project that is gone, is told to nobody', async () => {
  const { alice, bob } = people
  const [one, two] = [await newTask(bob), await newTask(bob)]
  await board.as(alice)(tasks.remove, { params: { id: one.id } })
  await comment(alice, one)
  await board.as(alice)(projects.remove, { params: { id: project.id } })
  await comment(alice, two)
  expect(await heard()).toEqual({})
})

test('more watchers than one item may name: each hears once', async () => {
  const watchers = Array.from({ length: 250 }, () => ({ id: newId() }))
  for (const { id } of watchers) await board.workspaces.set(board.workspaceId, id, 'member')
  const made = await newTask(people.alice)
  await watch(made.id, ...watchers)
  board.workspaces.state.asked = 0
  await comment(people.alice, made)
  await board.idle()
  const told = await noti.rows<{ id: string }>('select recipient_id as id from notifications')
  expect(told.map((n) => n.id).toSorted()).toEqual(watchers.map((w) => w.id).toSorted())
  expect(board.workspaces.state.asked).toBe(2)
})

// The wait between attempts grows as e^n seconds, so noti may be away for any time below days; here it is five seconds.
test('noti away: what happens meanwhile is answered as always, and told once it is back', async () => {
  const { alice, bob } = people
  await line.down()
  const made = await Promise.all(Array.from({ length: 20 }, () => newTask(alice, { assigneeId: bob.id })))
  await new Promise((resolve) => setTimeout(resolve, 5000))
  expect(await noti.rows('select from notifications')).toEqual([])
  const [failed] = await board.rows<{ attempts: number }>('select max(attempts) as attempts from graphile_worker.jobs')
  expect(failed!.attempts).toBeGreaterThan(1)
  await line.up()
  await board.idle()
  const { items } = await noti.as(bob)(notifications.list, { query: { limit: 100 } })
  const told = items.flatMap((n) => (n.type === 'task_assigned' ? [n.data.taskId] : []))
  expect(told.toSorted()).toEqual(made.map((t) => t.id).toSorted())
}, 40_000)
