import { members, projects, tasks } from '@wealist/contract/board'
import { call } from '@wealist/contract/call'
import type { CallInput, Output, RouteSpec } from '@wealist/contract/route'
import { boardProcess } from '@wealist/dev/testing/board-process'
import { notiService } from '@wealist/dev/testing/noti-service'
import type { Asker } from '@wealist/dev/testing/one-service'
import { startWorkspaces } from '@wealist/dev/testing/workspaces'
import { newId } from '@wealist/kit/ids'
import { afterAll, beforeAll, expect, test } from 'vitest'

let noti: Awaited<ReturnType<typeof notiService>>
let workspaces: Awaited<ReturnType<typeof startWorkspaces>>
let board: Awaited<ReturnType<typeof boardProcess>>
beforeAll(async () => {
  noti = await notiService()
  workspaces = await startWorkspaces()
  const { AUTH_ISSUER, AUTH_AUDIENCE } = noti.running.base.config
  const peers = { USER_URL: workspaces.url, NOTI_URL: noti.url, NOTI_KEY: 'test-key' }
  board = await boardProcess({ AUTH_ISSUER, AUTH_AUDIENCE, ...peers })
})
afterAll(async () => {
  await board.stop()
  await workspaces.stop()
  await noti.stop()
})

const workspaceId = newId()
const someone = async (): Promise<Asker> => {
  const id = newId()
  await workspaces.set(workspaceId, id, 'member')
  return { id, name: 'Somebody' }
}
const as =
  (person: Asker) =>
  <R extends RouteSpec>(route: R, input: CallInput<R>): Promise<Output<R>> =>
    call(route, input, { base: board.url, headers: noti.headersOf(person) })

const changes = 1000

interface Event {
  type: string
  payload: {
    id: string
    userId: string
    version: number
    status: string
    assigneeId: string | null
    createdBy: string
  }
  actorId: string
}

/** Who should hear of what, by the log and the tasks as board has them. */
const expected = async (projectId: string) => {
  const log = await board.rows<Event>(
    `select type, payload::json as payload, actor_id as "actorId" from kit.events where topic = $1 order by seq`,
    [`project:${projectId}`],
  )
  const rows = await board.rows<{ id: string; watchers: string[] }>('select id, watcher_ids as watchers from tasks')
  const watchers = new Map(rows.map((t) => [t.id, t.watchers]))
  const before = new Map<string, Event['payload']>()
  const news = log.flatMap(({ type, payload, actorId }) => {
    const told = (what: string, people: (string | null)[]) =>
      [...new Set(people)].flatMap((id) => (id && id !== actorId ? [`${what} ${payload.id ?? projectId} ${id}`] : []))
    if (type === 'member.added') return told('project_invited', [payload.userId])
    const was = before.get(payload.id)
    before.set(payload.id, payload)
    const got = payload.assigneeId === was?.assigneeId ? null : payload.assigneeId
    const followers = [payload.createdBy, payload.assigneeId, ...(watchers.get(payload.id) ?? [])]
    const done = was && was.status !== 'done' && payload.status === 'done'
    return [...told('task_assigned', [got]), ...(done ? told('task_completed', followers) : [])]
  })
  expect(before.size).toBe(rows.length)
  const kept = log.map(({ type, payload }) => `${type} ${payload.id ?? payload.userId} ${payload.version ?? ''}`)
  return { news: news.toSorted(), kept: new Set(kept) }
}

const heard = async () =>
  (
    await noti.rows<{ what: string }>(
      `select concat_ws(' ', type, coalesce(data->>'taskId', data->>'projectId'), recipient_id) as what from notifications`,
    )
  )
    .map((n) => n.what)
    .toSorted()

const waiting = `select task from kit.outbox where task like 'noti.%' union all
  select task_identifier from graphile_worker.jobs where task_identifier like 'noti.%'`
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

test('board killed at random moments of 1,000 changes: each that was acknowledged is told once to whom it concerns, and nothing else is', async () => {
  const [alice, bob, carol, vera] = [await someone(), await someone(), await someone(), await someone()]
  const project = await as(alice)(projects.create, { body: { workspaceId, name: 'Storm' } })
  const column = project.boards[0]!.id
  for (const { id: userId } of [bob, carol])
    await as(alice)(members.add, { params: { id: project.id }, body: { userId } })

  const acknowledged: string[] = []
  let failures = 0
  const change = async <T>(work: () => Promise<T>, name: (answer: T) => string): Promise<T | undefined> => {
    const answer = await work().catch(() => undefined)
    if (answer === undefined) {
      failures++
      await board.up()
    } else acknowledged.push(name(answer))
    return answer
  }
  // One task after the other, each by people who hear of different things; and somebody new.
  const worker = async (n: number) => {
    const [maker, first, second] = [
      [alice, bob, carol],
      [bob, carol, alice],
      [carol, alice, bob],
    ][n % 3]!
    while (acknowledged.length < changes) {
      const userId = (await someone()).id
      const add = () => as(alice)(members.add, { params: { id: project.id }, body: { userId } })
      await change(add, () => `member.added ${userId} `)
      const body = { title: 'Plan', assigneeId: first!.id }
      const task = await change(
        () => as(maker!)(tasks.create, { params: { id: column }, body }),
        (made) => `task.created ${made.id} 1`,
      )
      if (!task) continue
      const params = { id: task.id }
      await board.rows('update tasks set watcher_ids = $2 where id = $1', [task.id, [vera.id, maker!.id]])
      for (const body of [{ assigneeId: second!.id }, { status: 'done' as const }])
        await change(
          () => as(first!)(tasks.update, { params, body }),
          (changed) => `task.updated ${changed.id} ${changed.version}`,
        )
    }
  }
  let kills = 0
  const start = Date.now()
  const work = Promise.all(Array.from({ length: 8 }, (_, n) => worker(n)))
  for (let next = 0; ; kills++) {
    next = acknowledged.length + 40 + Math.random() * 160
    if (next >= changes) break
    while (acknowledged.length < next) await pause(Math.random() * 10)
    await board.killAndRestart()
  }
  await work

  const { news, kept } = await expected(project.id)
  expect(acknowledged.filter((name) => !kept.has(name))).toEqual([])
  await expect.poll(() => board.rows(waiting), { timeout: 30_000 }).toEqual([])
  expect(await heard()).toEqual(news)
  expect([kills > 3, failures > 0]).toEqual([true, true])
  if (process.env['TEST_LOG'])
    console.info({
      seconds: (Date.now() - start) / 1000,
      kills,
      failures,
      acknowledged: acknowledged.length,
      told: news.length,
    })
}, 120_000)
