import { setTimeout } from 'node:timers/promises'
import { boards, projects, tasks } from '@wealist/contract/board'
import { call } from '@wealist/contract/call'
import { internal, notifications } from '@wealist/contract/noti'
import type { CallInput, RouteSpec } from '@wealist/contract/route'
import { newId } from '@wealist/kit/ids'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type BoardService, boardService } from './testing/board-service.ts'
import { projectTab, streamTab, type Told } from './testing/live-tabs.ts'
import { assigned, type NotiService, notiService } from './testing/noti-service.ts'
import { type Pod, startPod } from './testing/pods.ts'

const clients = 200
const people = Array.from({ length: 40 }, () => ({ id: newId() }))
let board: BoardService
let noti: NotiService
let boardPods: Pod[]
let notiPods: Pod[]

beforeAll(async () => {
  ;[board, noti] = await Promise.all([boardService(), notiService()])
  const two = (service: 'board' | 'noti', { running }: Pick<BoardService, 'running'> | Pick<NotiService, 'running'>) =>
    Promise.all([startPod(service, running.base.config), startPod(service, running.base.config)])
  ;[boardPods, notiPods] = await Promise.all([two('board', board), two('noti', noti)])
  for (const { id } of people) await board.setMember(id, 'member')
}, 120_000)
afterAll(async () => {
  for (const pod of [...(boardPods ?? []), ...(notiPods ?? [])]) pod.stop()
  await Promise.all([board?.stop(), noti?.stop()])
})

const between = (least: number, most: number) => least + Math.random() * (most - least)
const one = <T>(of: readonly T[]) => of[Math.floor(Math.random() * of.length)]!
const logOf = async ({ running }: Pick<BoardService, 'running'> | Pick<NotiService, 'running'>, topic: string) => {
  const statement = 'select seq::int, type from kit.events where topic = $1 order by seq'
  const { rows } = await running.base.db.pool.query<{ seq: number; type: string }>(statement, [topic])
  return rows.map(({ seq, type }): Told => [seq, type])
}

// They connect to any process.
const tabOf = (person: { id: string }, projectId: string) =>
  projectTab({ url: () => one(boardPods).url, headers: () => board.headersOf(person) }, projectId)
const streamOf = (person: { id: string }) =>
  streamTab({ url: () => one(notiPods).url, headers: () => noti.headersOf(person) }, person.id)

const ask =
  (pods: readonly Pod[], headers: () => Record<string, string>) =>
  // A process that is being replaced answers nothing: the next writing asks the other one.
  <R extends RouteSpec>(route: R, input: CallInput<R>) =>
    call(route, input, { base: one(pods).url, headers: headers() }).catch(() => undefined)

test('200 sockets and 200 streams on two processes of each service, torn at random, one process of each killed: everybody ends with the log, no gap, no double', async () => {
  const { alice } = board.people
  const open = await Promise.all(Array.from({ length: 5 }, () => board.project()))
  const tabs = Array.from({ length: clients }, (_, i) => tabOf(one(people), open[i % open.length]!.id))
  const streams = Array.from({ length: clients }, (_, i) => streamOf(people[i % people.length]!))
  const all = [...tabs, ...streams]
  await expect.poll(() => all.every(({ opened }) => opened > 0), { timeout: 20_000 }).toBe(true)

  const done = { board: 0, noti: 0, torn: 0, killed: 0 }
  const begun = Date.now()
  const going = () =>
    Date.now() < begun + 5000 || done.board < 100 || done.noti < 60 || done.torn < 1.5 * clients || done.killed < 2
  const asAlice = ask(boardPods, () => board.headersOf(alice))
  const made: string[] = []
  const writeBoard = async () => {
    while (going()) {
      const project = one(open)
      const column = one(project.boards).id
      const task = one(made)
      const writes = [
        () =>
          asAlice(tasks.create, { params: { id: column }, body: { title: 'Plan' } }).then((t) => t && made.push(t.id)),
        async () => task && asAlice(tasks.update, { params: { id: task }, body: { title: `now ${Math.random()}` } }),
        () => asAlice(boards.reorder, { params: { id: column }, body: { position: 1 } }),
        () => asAlice(projects.update, { params: { id: project.id }, body: { name: `Launch ${Math.random()}` } }),
      ]
      if (await one(writes)()) done.board++
      await setTimeout(between(0, 20))
    }
  }
  const asBoard = ask(notiPods, () => ({ 'x-internal-api-key': 'test-key' }))
  const writeNoti = async () => {
    while (going()) {
      const some = people.filter(() => Math.random() < 0.2).map(({ id }) => id)
      if (some.length > 0 && (await asBoard(internal.create, { body: { items: [assigned(some)] } }))) done.noti++
      const reader = one(people)
      if (Math.random() < 0.2) await ask(notiPods, () => noti.headersOf(reader))(notifications.readAll, { body: {} })
      await setTimeout(between(0, 30))
    }
  }
  const tear = async () => {
    while (going()) {
      one(all).drop()
      done.torn++
      await setTimeout(between(0, 25))
    }
  }
  const kill = async () => {
    for (const pod of [boardPods[0]!, notiPods[1]!]) {
      await setTimeout(1500)
      await pod.replace()
      done.killed++
    }
  }
  await Promise.all([writeBoard(), writeBoard(), writeBoard(), writeNoti(), writeNoti(), tear(), kill()])

  const logs = new Map<string, Told[]>()
  for (const { topic } of tabs) if (!logs.has(topic)) logs.set(topic, await logOf(board, topic))
  for (const { topic } of streams) if (!logs.has(topic)) logs.set(topic, await logOf(noti, topic))
  const behind = () => all.filter(({ topic, at }) => at() < logs.get(topic)!.length).length
  await expect.poll(behind, { timeout: 20_000, interval: 50 }).toBe(0)
  for (const { topic, told, resets } of all) {
    expect(told).toEqual(logs.get(topic))
    expect(resets).toBe(0)
  }
  for (const { stop } of all) stop()
  expect(all.reduce((n, { opened }) => n + opened, 0)).toBeGreaterThan(3 * clients)
  expect(all.reduce((n, { told }) => n + told.length, 0)).toBeGreaterThan(3000)
}, 120_000)
