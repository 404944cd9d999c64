import { createHash, randomBytes } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { members, projects, tasks } from '@wealist/contract/board'
import { rooms } from '@wealist/contract/chat'
import { uploads } from '@wealist/contract/storage'
import { post } from '../src/testing/attach.ts'
import { chatMember } from '../src/testing/chat-member.ts'
import { projectTab, streamTab } from '../src/testing/live-tabs.ts'
import type { Evidence } from './storm.oracle.ts'
import { openSessions } from './storm.sessions.ts'
import type { Person, Storm } from './storm.world.ts'

export type Load = Awaited<ReturnType<typeof startLoad>>

const one = <T>(of: readonly T[]) => of[Math.floor(Math.random() * of.length)]!

/** People who write tasks, talk, upload and sign in, one thing after the other each, and others who watch it live. */
export const startLoad = async (storm: Storm, { writers, watchers }: { writers: number; watchers: number }) => {
  const { people, workspaceId, ask, insist } = storm
  const owner = people[0]!
  const open = await Promise.all(
    Array.from({ length: 4 }, (_, n) =>
      insist('board', owner, projects.create, { body: { workspaceId, name: `Storm ${n}` } }),
    ),
  )
  for (const { id } of open)
    for (const { id: userId } of people.slice(1))
      await insist('board', owner, members.add, { params: { id }, body: { userId } })
  const participantIds = people.slice(1).map(({ id }) => id)
  const talks = await Promise.all(
    ['Tea', 'Cake'].map((name) =>
      ask('chat', owner, rooms.create, { body: { workspaceId, type: 'group', name, participantIds } }),
    ),
  )

  const state = { over: false }
  const done: Record<string, { writer: string; topic: string; keys: string[] }> = {}
  const acknowledge = (writer: string, topic: string, key: string) =>
    (done[`${writer} ${topic}`] ??= { writer, topic, keys: [] }).keys.push(key)
  const files: { id: string; sha256: string }[] = []
  const failed = { requests: 0 }
  const tried = <T>(work: Promise<T>) =>
    work.catch(async () => {
      failed.requests++
      await setTimeout(50)
      return undefined
    })

  const boardWriter = async (n: number) => {
    const [maker, first, second] = [0, 1, 2].map((i) => people[(n + i) % people.length]!) as [Person, Person, Person]
    const project = open[n % open.length]!
    const topic = `board project:${project.id}`
    for (let i = 0; !state.over; i++) {
      const [from, to] = [one(project.boards).id, one(project.boards).id]
      const body = { title: `${n} ${i}`, assigneeId: first.id }
      const input = { params: { id: from }, body }
      const task = await tried(insist('board', maker, tasks.create, input, () => state.over))
      if (!task) continue
      acknowledge(`writer ${n}`, topic, `task.created ${task.id} ${task.version}`)
      const params = { id: task.id }
      const given = await tried(ask('board', maker, tasks.update, { params, body: { assigneeId: second.id } }))
      if (given) acknowledge(`writer ${n}`, topic, `task.updated ${given.id} ${given.version}`)
      const moved = await tried(ask('board', maker, tasks.move, { params, body: { targetBoardId: to, position: 0 } }))
      if (moved) acknowledge(`writer ${n}`, topic, `task.moved ${moved.id} ${moved.version}`)
      await setTimeout(Math.random() * 300)
    }
  }
  const uploader = async (n: number) => {
    for (let i = 0; !state.over; i++) {
      const bytes = randomBytes(1000 + Math.floor(Math.random() * 20_000))
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      const mimeType = 'application/octet-stream'
      const body = { workspaceId, name: `${n} ${i}.bin`, size: bytes.length, mimeType, sha256 }
      const person = one(people)
      const begun = await tried(ask('storage', person, uploads.create, { body }))
      if (begun?.mode !== 'form') continue
      const posted = await tried(post(begun, bytes))
      if (!posted?.ok) continue
      // Asked for until it is answered: completed twice is one file.
      const file = await tried(insist('storage', person, uploads.complete, { params: { id: begun.id }, body: {} }))
      if (file) files.push({ id: file.id, sha256 })
      await setTimeout(Math.random() * 300)
    }
  }
  const clients = people.slice(0, watchers).map((person) =>
    chatMember(
      { url: () => storm.url('chat'), headers: () => storm.headersOf(person), workspaceId },
      talks.map(({ id }) => id),
    ),
  )
  const talker = async (n: number) => {
    while (!state.over) {
      const { id } = one(talks)
      const { clientId } = await clients[n]!.say(id, 'Good morning')
      acknowledge(`talker ${n}`, `chat room:${id}`, `message ${clientId}`)
      await setTimeout(Math.random() * 300)
    }
  }
  const tabs = Array.from({ length: watchers }, (_, n) => {
    const [person, project] = [people[n % people.length]!, open[n % open.length]!]
    return projectTab({ url: () => storm.url('board'), headers: () => storm.headersOf(person) }, project.id)
  })
  const streams = people
    .slice(0, watchers)
    .map((person) => streamTab({ url: () => storm.url('noti'), headers: () => storm.headersOf(person) }, person.id))
  const droppers = [...tabs, ...streams, ...clients]
  const torn = { clients: 0 }
  const tear = async () => {
    while (!state.over) {
      await setTimeout(Math.random() * 200)
      one(droppers).drop()
      torn.clients++
    }
  }
  const signing = openSessions(storm, { over: () => state.over, tried, acknowledge })
  const lanes = Array.from({ length: writers }, (_, n) => n)
  const work = Promise.all([
    ...lanes.map(boardWriter),
    ...lanes.slice(0, watchers).map(talker),
    ...lanes.slice(0, Math.ceil(writers / 4)).map(uploader),
    ...signing.work(),
    tear(),
  ])
  return {
    ...{ tabs, streams, clients, signing, files, failed, torn },
    topics: { projects: open.map(({ id }) => id), rooms: talks.map(({ id }) => id) },
    acknowledged: (): Evidence['acknowledged'] => Object.values(done),
    /** Nothing new is begun; what was begun ends. */
    end: async () => {
      state.over = true
      await work
    },
    leave: () => {
      for (const { stop } of [...tabs, ...streams]) stop()
      for (const { end } of clients) end()
    },
  }
}
