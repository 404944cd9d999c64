import assert from 'node:assert/strict'
import * as projects from '@wealist/board/projects.sql'
import * as tasks from '@wealist/board/tasks.sql'
import * as messages from '@wealist/chat/messages.sql'
import { pageRequest } from '@wealist/kit/page'
import { bench } from './bench.ts'
import type { Contestant, Goal } from './compare.ts'
import { openLab } from './lab.ts'
import { httpLoad } from './load.ts'
import { headersOf, newPerson } from './people.ts'
import { pgbench, statementOf } from './pgbench.ts'
import type { Started } from './lab.ts'
import { seedBoards, seedRooms, seedWorkspace, settle } from './seeded.ts'

const connections = 64
const figures = { requests: 'answers a second', cpu: 'µs of CPU an answer', p50: 'ms', p99: 'ms' }
const goals: Goal[] = [
  { figure: 'requests', of: 'weAlist', over: 'Fastify + pg', least: 1.3 },
  { figure: 'cpu', of: 'weAlist', over: 'Fastify + pg', most: 0.5 },
  { figure: 'requests', of: 'weAlist', over: 'pgbench', least: 0.5 },
]

const valuesOf = ({ items }: { items: object[] }) =>
  JSON.parse(JSON.stringify(items).replaceAll(/(T[\d:.]+?)0*(?:\+00:00|Z)"/g, '$1Z"')) as unknown

export default bench({
  name: 'read',
  title: 'Reading a page of 50, over 64 connections',
  run: async (measure, { seconds }) => {
    const lab = await openLab()
    const reader = newPerson()
    const { workspaceId } = await seedWorkspace(lab, 0)
    await lab.workspaces.set(workspaceId, reader.id, 'member')
    const [board] = await seedBoards(lab, { workspaceId, ownerId: reader.id, boards: 60, tasks: 50 })
    const [room] = await seedRooms(lab, { workspaceId, members: [reader, newPerson()], rooms: 20, messages: 200 })
    await Promise.all([settle(lab.databases.board), settle(lab.databases.chat)])
    const bare = { RATE_LIMIT: '0', LOG_LEVEL: 'warn' }
    const peer = await lab.peer('fastify', { BOARD_URL: lab.databases.board, CHAT_URL: lab.databases.chat })
    const of = async (service: 'board' | 'chat') => ({
      bare: await lab.service(service, bare),
      deployed: await lab.service(service),
    })
    const [boards, chats] = [await of('board'), await of('chat')]
    const page = pageRequest('', {}, {})
    const userId = reader.id

    const against = async (
      title: string,
      path: string,
      ours: { bare: Started; deployed: Started },
      limit: Contestant[],
      more: Contestant[] = [],
    ) => {
      const asked =
        (server: Started, at = path) =>
        async () => {
          const headers = { ...headersOf(reader), 'x-user': reader.id }
          return httpLoad(server, {
            url: server.url,
            connections,
            seconds,
            requests: [{ method: 'GET', path: at, headers }],
          })
        }
      const answer = async ({ url }: Started) =>
        (await fetch(url + path, { headers: { ...headersOf(reader), 'x-user': reader.id } })).json() as Promise<{
          items: object[]
        }>
      const [mine, theirs] = [await answer(ours.bare), await answer(peer)]
      assert.equal(mine.items.length, 50)
      // As values: PostgreSQL writes +00:00 where JavaScript writes Z.
      assert.deepEqual(valuesOf(mine), valuesOf(theirs))
      await measure({
        title,
        figures,
        goals,
        // V8 still compiles in the second round of four seconds: an answer costs a tenth more there than in the third.
        warmUps: 2,
        contestants: [
          { name: 'weAlist', kind: 'ours', round: asked(ours.bare) },
          { name: 'weAlist, with log and limits', kind: 'ours', round: asked(ours.deployed) },
          { name: 'Fastify + pg', kind: 'peer', round: asked(peer) },
          ...more,
          ...limit,
        ],
      })
    }
    const statement = async (database: 'board' | 'chat', read: Parameters<typeof statementOf>[0]) =>
      pgbench(lab, { database, seconds, script: await statementOf(read) })

    await against(
      'the 50 tasks of a board',
      `/api/boards/${board!.id}/tasks`,
      boards,
      await statement('board', (db) => tasks.list(db, { boardId: board!.id, userId, page })),
      [
        {
          name: 'Fastify + pg, rows alone',
          kind: 'peer',
          round: () =>
            httpLoad(peer, {
              url: peer.url,
              connections,
              seconds,
              requests: [{ method: 'GET', path: `/rows/boards/${board!.id}/tasks` }],
            }),
        },
      ],
    )
    await against(
      'the last 50 messages of a room',
      `/api/chats/${room}/messages`,
      chats,
      await statement('chat', (db) => messages.list(db, { roomId: room!, userId, page, window: {} })),
    )
    await against(
      'the 50 projects of a workspace',
      `/api/projects?workspaceId=${workspaceId}`,
      boards,
      await statement('board', (db) => projects.list(db, { workspaceId, userId, orphans: false, page })),
    )
    await lab.stop()
  },
})
