import {
  attachments,
  boards,
  checklist,
  comments,
  customFields,
  events,
  labels,
  members,
  projects,
  tasks,
  watchers,
} from '@wealist/contract/board'
import { attach } from '@wealist/dev/testing/attach'
import { type BoardService, boardService, codeOf } from '@wealist/dev/testing/board-service'
import type { Ask } from '@wealist/dev/testing/one-service'
import { freshState, type ProjectListener } from '@wealist/dev/testing/project-client'
import { s3Env, s3World, type S3World } from '@wealist/dev/testing/s3-world'
import { newId } from '@wealist/kit/ids'
import { sql } from '@wealist/kit/sql'
import { afterAll, beforeAll, expect, test } from 'vitest'

type Project = Awaited<ReturnType<BoardService['project']>>
let service: BoardService
let s3: S3World
let alice: Ask
beforeAll(async () => {
  s3 = await s3World()
  service = await boardService(s3Env(s3))
  alice = service.as(service.people.alice)
})
afterAll(async () => {
  await service.stop()
  await s3.stop()
})

const listening = async (person: { id: string }, project: { id: string }) => {
  const listener = service.listen(person, project.id)
  await listener.open()
  await listener.read()
  await expect.poll(() => listener.ready, { interval: 5 }).toBe(true)
  return listener
}
/** Somebody who is in the workspace for this test alone. */
const newcomer = async () => {
  const person = { id: newId() }
  await service.setMember(person.id, 'member')
  return person
}
const add = ({ boards: [column] }: Project, title: string) =>
  alice(tasks.create, { params: { id: column!.id }, body: { title } })
const closed = async (listener: ProjectListener, within = 5000) => {
  await expect.poll(() => listener.code, { timeout: within, interval: 10 }).toBeDefined()
}

test('a state that was read once and every type of event since then make the state that is read now', async () => {
  const project = await service.project()
  const { id } = project
  const [todo, doing] = project.boards
  const [first, second] = [await add(project, 'first'), await add(project, 'second')]
  const vera = service.people.vera.id
  const viewer = await listening(service.people.bob, project)
  const made: Record<string, string> = {}
  const steps: (() => Promise<unknown>)[] = [
    () => alice(projects.update, { params: { id }, body: { name: 'Renamed', dueDate: '2027-01-01' } }),
    () => alice(members.add, { params: { id }, body: { userId: vera, role: 'viewer' } }),
    () => alice(members.update, { params: { id, userId: vera }, body: { role: 'member' } }),
    () => alice(boards.create, { params: { id }, body: { name: 'Review', position: 1 } }),
    () => alice(boards.update, { params: { id: todo!.id }, body: { color: '#123456' } }),
    () => alice(boards.reorder, { params: { id: todo!.id }, body: { position: 9 } }),
    () => add(project, 'third'),
    () => alice(tasks.update, { params: { id: first.id }, body: { title: 'First', priority: 'urgent' } }),
    () => alice(tasks.assign, { params: { id: first.id }, body: { assigneeId: vera } }),
    () =>
      alice(comments.create, { params: { id: first.id }, body: { content: 'First' } }).then(
        (c) => void (made.comment = c.id),
      ),
    () => alice(comments.create, { params: { id: first.id }, body: { content: 'Second', parentId: made.comment! } }),
    () => alice(comments.update, { params: { id: made.comment! }, body: { content: 'First!', mentions: [vera] } }),
    () => alice(comments.remove, { params: { id: made.comment! } }),
    () =>
      alice(checklist.create, { params: { id: first.id }, body: { title: 'Boil' } }).then(
        (c) => void (made.step = c.id),
      ),
    () => alice(checklist.create, { params: { id: first.id }, body: { title: 'Pour', position: 0 } }),
    () =>
      alice(checklist.update, { params: { id: first.id, itemId: made.step! }, body: { isDone: true, position: 0 } }),
    () => alice(checklist.remove, { params: { id: first.id, itemId: made.step! } }),
    () => alice(watchers.add, { params: { id: first.id, userId: vera } }),
    () => alice(watchers.remove, { params: { id: first.id, userId: vera } }),
    () => alice(labels.create, { params: { id }, body: { name: 'Bug' } }).then((l) => void (made.label = l.id)),
    () => alice(labels.update, { params: { id, labelId: made.label! }, body: { name: 'Fault' } }),
    () => alice(tasks.update, { params: { id: first.id }, body: { labelIds: [made.label!] } }),
    () =>
      alice(customFields.create, { params: { id }, body: { name: 'N', type: 'number' } }).then(
        (f) => void (made.field = f.id),
      ),
    () => alice(customFields.update, { params: { id, fieldId: made.field! }, body: { name: 'M' } }),
    () => alice(tasks.update, { params: { id: first.id }, body: { fields: { [made.field!]: 3 } } }),
    () => alice(labels.remove, { params: { id, labelId: made.label! } }),
    () => alice(customFields.remove, { params: { id, fieldId: made.field! } }),
    () => attach(alice, first.id).then((a) => void (made.file = a.id)),
    () => alice(attachments.remove, { params: { id: first.id, attachmentId: made.file! } }),
    () => alice(tasks.move, { params: { id: second.id }, body: { targetBoardId: doing!.id, position: 0 } }),
    () => alice(tasks.remove, { params: { id: first.id } }),
    () => alice(tasks.restore, { params: { id: first.id } }),
    () => alice(boards.remove, { params: { id: todo!.id }, query: { moveTasksTo: doing!.id } }),
    () => alice(members.remove, { params: { id, userId: vera } }),
    () => alice(members.transfer, { params: { id }, body: { userId: service.people.bob.id } }),
    () =>
      service.as(service.people.bob)(members.transfer, { params: { id }, body: { userId: service.people.alice.id } }),
  ]
  for (const step of steps) {
    await step()
    const now = await freshState(alice, id)
    await expect.poll(() => viewer.state, { interval: 10 }).toEqual(now)
  }
  // A new owner has everybody's right decided again, which may find the project gone before it is told.
  for (const listener of service.running.base.live.hub.listeners()) await listener.decided()
  await alice(projects.remove, { params: { id } })
  await closed(viewer)
  const types = new Set(viewer.heard.map((e) => e.type))
  expect(types).toEqual(new Set(events.ProjectEvent.options.map(({ shape }) => shape.type.value)))
})

test('clients that come, go and read while three people write all end with what the tables hold', async () => {
  const project = await service.project()
  let seed = 7
  const random = (n: number) => (seed = (seed * 48_271) % 2_147_483_647) % n
  const one = <T>(of: readonly T[]) => of[random(of.length)]!
  const made: string[] = []
  for (let i = 0; i < 10; i++) made.push((await add(project, `t${i}`)).id)
  const columns = project.boards.map((b) => b.id)
  const moves = (ask: Ask) => {
    const params = { id: one(made) }
    const body = { targetBoardId: one(columns), position: random(6) }
    return [
      () => ask(tasks.move, { params, body }),
      () => ask(tasks.move, { params, body }),
      () => ask(tasks.update, { params, body: { title: `now ${random(1000)}` } }),
      () => ask(tasks.remove, { params }),
      () => ask(tasks.restore, { params }),
      () => ask(boards.reorder, { params: { id: one(columns) }, body: { position: random(3) } }),
      () =>
        ask(tasks.create, { params: { id: one(columns) }, body: { title: 'new', position: random(4) } }).then((t) =>
          made.push(t.id),
        ),
    ]
  }
  const state = { writing: true }
  const write = async (ask: Ask) => {
    // What another one took away meanwhile is not found.
    for (let i = 0; i < 60; i++)
      expect(['OK', 'NOT_FOUND']).toContain(await codeOf(one(moves(ask))() as Promise<unknown>))
  }
  const live = async (listener: ProjectListener) => {
    while (state.writing) {
      await listener.open()
      if (random(2) === 0 || listener.seq === undefined) await listener.read()
      await new Promise((resolve) => setTimeout(resolve, random(60)))
      if (!state.writing) return
      listener.close()
      await expect.poll(() => listener.code, { interval: 2 }).toBeDefined()
    }
  }
  const listeners = [0, 1, 2, 3].map((i) =>
    service.listen(i % 2 ? service.people.bob : service.people.vera, project.id),
  )
  const lives = Promise.all(listeners.map(live))
  await Promise.all([write(alice), write(alice), write(service.as(service.people.bob))])
  state.writing = false
  await lives
  for (const listener of listeners) if (listener.code !== undefined) await listener.open()
  const { seq } = await alice(events.list, { params: { id: project.id }, query: {} })
  const now = await freshState(alice, project.id)
  for (const listener of listeners) {
    await expect.poll(() => listener.seq).toBe(seq)
    expect(listener.state).toEqual(now)
    expect(listener.resets).toBe(0)
    // Since its last state: each event once, in order.
    const base = seq - listener.heard.length
    expect(listener.heard.map((e) => e.seq)).toEqual(listener.heard.map((_, i) => base + 1 + i))
    listener.close()
  }
}, 60_000)

test('removed from the workspace: reads and writes are 404 and the socket is closed within a second', async () => {
  const project = await service.project()
  const person = await newcomer()
  await alice(members.add, { params: { id: project.id }, body: { userId: person.id, role: 'admin' } })
  const theirs = await listening(person, project)
  const task = await add(project, 'seen')
  await expect.poll(() => theirs.heard.length).toBe(1)
  await service.setMember(person.id, null)
  await closed(theirs, 1000)
  expect([4403, 4404]).toContain(theirs.code)
  const ask = service.as(person)
  expect(await codeOf(ask(projects.get, { params: { id: project.id } }))).toBe('NOT_FOUND')
  expect(await codeOf(ask(tasks.list, { params: { id: project.boards[0]!.id }, query: {} }))).toBe('NOT_FOUND')
  expect(await codeOf(ask(tasks.update, { params: { id: task.id }, body: { title: 'still me' } }))).toBe('NOT_FOUND')
  await theirs.open()
  await closed(theirs)
  expect(theirs.code).toBe(4404)
})

test('removed from a private project: their socket says so last, and nothing that comes after it', async () => {
  const project = await service.project({ visibility: 'private' })
  const person = await newcomer()
  await alice(members.add, { params: { id: project.id }, body: { userId: person.id } })
  const [theirs, bobs] = [await listening(person, project), await listening(service.people.bob, project)]
  await alice(members.remove, { params: { id: project.id, userId: person.id } })
  await add(project, 'secret')
  await closed(theirs)
  expect(theirs.code).toBe(4403)
  expect(theirs.heard.map((e) => e.type)).toEqual(['member.removed'])
  await expect.poll(() => bobs.heard.map((e) => e.type)).toEqual(['member.removed', 'task.created'])
  expect(await codeOf(service.as(person)(projects.get, { params: { id: project.id } }))).toBe('NOT_FOUND')
  bobs.close()
})

test('removed from a project that the workspace may view: they go on as a viewer', async () => {
  const project = await service.project()
  const bobs = await listening(service.people.bob, project)
  await alice(members.remove, { params: { id: project.id, userId: service.people.bob.id } })
  await add(project, 'visible')
  await expect.poll(() => bobs.heard.map((e) => e.type)).toEqual(['member.removed', 'task.created'])
  expect(bobs.code).toBeUndefined()
  bobs.close()
})

test('a project that becomes private closes the sockets of those who were only looking', async () => {
  const project = await service.project()
  const [veras, bobs] = [await listening(service.people.vera, project), await listening(service.people.bob, project)]
  await alice(projects.update, { params: { id: project.id }, body: { visibility: 'private' } })
  await closed(veras)
  expect(veras.code).toBe(4404)
  await add(project, 'among us')
  await expect.poll(() => bobs.heard.map((e) => e.type)).toEqual(['project.updated', 'task.created'])
  expect(veras.heard.map((e) => e.type)).not.toContain('task.created')
  bobs.close()
})

test('removed while the project becomes private: whoever was told that they may go on is closed nevertheless', async () => {
  const project = await service.project()
  const person = await newcomer()
  await alice(members.add, { params: { id: project.id }, body: { userId: person.id } })
  const theirs = await listening(person, project)
  const { removed } = await service.running.base.db.tx(async (tx) => {
    await tx.rows(sql`select from project_members where user_id = ${person.id} for share`)
    const removing = alice(members.remove, { params: { id: project.id, userId: person.id } })
    const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
    await expect.poll(() => service.rows(waiting), { interval: 5 }).toHaveLength(1)
    await alice(projects.update, { params: { id: project.id }, body: { visibility: 'private' } })
    await expect.poll(() => theirs.heard.map((e) => e.type)).toEqual(['project.updated'])
    for (const listener of service.running.base.live.hub.listeners()) await listener.decided()
    return { removed: removing }
  })
  await removed
  await closed(theirs)
  expect(theirs.heard.at(-1)).toMatchObject({ type: 'member.removed', payload: { stillViewer: true } })
  expect(theirs.code).toBe(4404)
})

test('a deleted project, also with its whole workspace, says so last and closes its sockets', async () => {
  const project = await service.project()
  const bobs = await listening(service.people.bob, project)
  await alice(projects.remove, { params: { id: project.id } })
  await closed(bobs)
  expect(bobs.code).toBe(4404)
  expect(bobs.heard.map((e) => e.type)).toEqual(['project.deleted'])

  const workspaceId = newId()
  const owner = { id: newId() }
  await service.setMember(owner.id, 'owner', workspaceId)
  const doomed = await service.as(owner)(projects.create, { body: { workspaceId, name: 'Doomed' } })
  const theirs = await listening(owner, doomed)
  service.workspaces.deleteWorkspace(workspaceId)
  await service.followDirectory()
  await closed(theirs)
  expect(theirs.heard.map((e) => e.type)).toEqual(['project.deleted'])
  expect(await codeOf(service.as(owner)(projects.get, { params: { id: doomed.id } }))).toBe('NOT_FOUND')
})

test('strangers, and people of the workspace who may not know of the project, are told that there is none', async () => {
  const project = await service.project({ visibility: 'private' })
  for (const person of [service.people.mallory, service.people.vera]) {
    const theirs = service.listen(person, project.id)
    await theirs.open()
    await closed(theirs)
    expect(theirs.code).toBe(4404)
    expect(theirs.heard).toEqual([])
  }
})
