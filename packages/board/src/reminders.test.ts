import { tasks } from '@wealist/contract/board'
import type { NewTask } from '@wealist/contract/board/tasks'
import { notifications } from '@wealist/contract/noti'
import { type BoardService, boardService } from '@wealist/dev/testing/board-service'
import { testLog } from '@wealist/dev/testing/log'
import { type NotiService, notiService } from '@wealist/dev/testing/noti-service'
import type { Asker } from '@wealist/dev/testing/one-service'
import { type Listening, run } from '@wealist/kit/node'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { remind } from './reminders.ts'
import { board } from './service.ts'

const minute = 60_000
const hour = 60 * minute
const at = { ahead: 0 }
const clock = { now: () => Date.now() + at.ahead }
const log = testLog('board')
let noti: NotiService
let first: BoardService
let second: Listening<object>
let project: Awaited<ReturnType<BoardService['project']>>
let people: BoardService['people']
beforeAll(async () => {
  noti = await notiService()
  first = await boardService({ NOTI_URL: noti.url, NOTI_KEY: 'test-key' }, { clock })
  const { config } = first.running.base
  const env = {
    ENVIRONMENT: 'test',
    HOST: '127.0.0.1',
    PORT: '0',
    DATABASE_URL: config.DATABASE_URL,
    REDIS_URL: config.REDIS_URL,
    REDIS_PREFIX: config.REDIS_PREFIX,
    AUTH_MODE: 'gateway',
    INTERNAL_KEYS: 'test-key',
    USER_URL: config.USER_URL,
    NOTI_URL: noti.url,
    NOTI_KEY: 'test-key',
  }
  second = await run(board, env, { log, clock })
  people = first.people
})
afterAll(async () => {
  await second.stop()
  await first.stop()
  await noti.stop()
})
beforeEach(async () => {
  at.ahead = 0
  project = await first.project()
  await first.idle()
  await first.rows('delete from tasks')
  await noti.rows('truncate notifications')
})

const due = (hours: number) => new Date(clock.now() + hours * hour).toISOString()
const newTask = (title: string, more: Partial<NewTask>) =>
  first.as(people.alice)(tasks.create, { params: { id: project.boards[0]!.id }, body: { title, ...more } })
const look = (pods: { base: Listening<object>['base'] }[] = [first.running]) =>
  Promise.all(
    pods.map(({ base }) => {
      const job = { id: '1', attempt: 1, signal: new AbortController().signal, lease: async () => undefined }
      return remind({ tx: base.db.tx, clock, job })
    }),
  )
const reminded = async (person: Asker) => {
  await first.idle()
  const { items } = await noti.as(person)(notifications.list, { query: { limit: 100 } })
  return items.flatMap((n) => (n.type === 'task_due_soon' ? [n] : [])).toReversed()
}
const titles = async (person: Asker) => (await reminded(person)).map((n) => n.data.taskTitle)

test('what is due within a day and not done is said once to who has it, or else who made it, and to who watches', async () => {
  const { alice, bob, vera } = people
  const dueDate = due(23)
  const one = await newTask('bob has it', { dueDate, assigneeId: bob.id })
  await newTask('nobody has it', { dueDate })
  const watched = await newTask('vera watches', { dueDate, assigneeId: bob.id })
  await first.rows('update tasks set watcher_ids = $2 where id = $1', [watched.id, [bob.id, vera.id]])
  await newTask('later', { dueDate: due(25) })
  await newTask('missed', { dueDate: due(-1) })
  await newTask('done', { dueDate, status: 'done' })
  await newTask('never', {})
  const gone = await newTask('in the trash', { dueDate })
  await first.as(alice)(tasks.remove, { params: { id: gone.id } })
  await look()
  await look()
  expect((await titles(bob)).toSorted()).toEqual(['bob has it', 'vera watches'])
  expect(await titles(alice)).toEqual(['nobody has it'])
  expect(await titles(vera)).toEqual(['vera watches'])
  expect((await reminded(bob)).find((n) => n.data.taskId === one.id)).toMatchObject({
    actorId: null,
    data: { dueDate },
  })
})

test('two pods that look at the same moment, again and again: each task is said once', async () => {
  const made: string[] = []
  for (let i = 0; i < 60; i++) made.push(`task ${i}`)
  await Promise.all(made.map((title) => newTask(title, { dueDate: due(2) })))
  await Promise.all(Array.from({ length: 10 }, () => look([first.running, second])))
  expect(await first.rows('select from reminders')).toHaveLength(60)
  expect((await titles(people.alice)).toSorted()).toEqual(made.toSorted())
})

test('more than one look takes at a time are all said', async () => {
  const [column] = project.boards
  await first.rows(
    `insert into tasks (id, project_id, board_id, title, priority, status, due_date, rank, created_by)
     select gen_random_uuid(), $1, $2, 'task', 'low', 'todo', now() + interval '1 hour', 'a' || n, $3
     from generate_series(1000, 1450) n`,
    [project.id, column!.id, people.bob.id],
  )
  await look()
  await first.idle()
  expect(await noti.rows(`select from notifications where type = 'task_due_soon'`)).toHaveLength(451)
})

test('another due date is said anew, the same one again is not, and one that changed before it was said is not', async () => {
  const { alice } = people
  const task = await newTask('moving', { dueDate: due(3) })
  const move = (dueDate: string) => first.as(alice)(tasks.update, { params: { id: task.id }, body: { dueDate } })
  await look()
  expect(await reminded(alice)).toHaveLength(1)
  const later = due(20)
  await move(later)
  await look()
  expect((await reminded(alice)).map((n) => n.data.dueDate)).toEqual([task.dueDate, later].map(normal))
  await move(task.dueDate!)
  await look()
  expect(await reminded(alice)).toHaveLength(2)
  await move(due(48))
  await look()
  expect(await reminded(alice)).toHaveLength(2)
})

test('the cron of two pods looks every five minutes by itself, and says what came near meanwhile', async () => {
  await newTask('tomorrow', { dueDate: due(24.05) })
  await look()
  expect(await titles(people.alice)).toEqual([])
  at.ahead = 6 * minute
  await expect.poll(() => titles(people.alice)).toEqual(['tomorrow'])
  await look([first.running, second])
  expect(await titles(people.alice)).toEqual(['tomorrow'])
})

const normal = (time: string | null) => new Date(time!).toISOString()
