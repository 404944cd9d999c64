import { events, members } from '@wealist/contract/board'
import { type BoardService, boardService } from '@wealist/dev/testing/board-service'
import { testLog } from '@wealist/dev/testing/log'
import { type Listening, run } from '@wealist/kit/node'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { board } from './service.ts'

let service: BoardService
let other: Listening<object>
const open: WebSocket[] = []
beforeAll(async () => {
  service = await boardService()
  const { DATABASE_URL, REDIS_URL, REDIS_PREFIX, USER_URL } = service.running.base.config
  other = await run(
    board,
    {
      ENVIRONMENT: 'test',
      HOST: '127.0.0.1',
      PORT: '0',
      AUTH_MODE: 'gateway',
      DRAIN_SECONDS: '0',
      RATE_LIMIT: '0',
      ...{ DATABASE_URL, REDIS_URL, REDIS_PREFIX, USER_URL },
    },
    { log: testLog('board') },
  )
})
afterEach(() => {
  for (const socket of open.splice(0)) socket.close()
})
afterAll(async () => {
  await other.stop()
  await service.stop()
})

/** A tab of somebody's with the project open; `at` is the process. */
const tab = (person: { id: string }, projectId: string, at = service.running.port) => {
  const said: string[] = []
  const socket = new WebSocket(`ws://127.0.0.1:${at}/ws/project/${projectId}`, {
    headers: service.headersOf(person),
  } as never)
  open.push(socket)
  const state = { presence: undefined as string[] | undefined, frames: 0 }
  socket.addEventListener('open', () => socket.send('{"type":"resume"}'))
  socket.addEventListener('message', ({ data }) => {
    const frame = events.Outgoing.parse(JSON.parse(String(data)))
    said.push(frame.type)
    if (frame.type !== 'presence') return
    expect(said).toContain('ready')
    state.presence = frame.payload.userIds
    state.frames++
  })
  return { state, close: () => socket.close() }
}
const sees = async ({ state }: ReturnType<typeof tab>, ...people: { id: string }[]) => {
  const ids = people.map(({ id }) => id).toSorted()
  await expect.poll(() => state.presence, { interval: 10 }).toEqual(ids)
}

test('a project’s sockets on two processes are told who has it open, by any of their tabs, and nobody else is', async () => {
  const { alice, bob, vera } = service.people
  const [project, another] = [await service.project(), await service.project()]
  const alices = tab(alice, project.id)
  await sees(alices, alice)
  const bobs = [tab(bob, project.id, other.port), tab(bob, project.id)]
  for (const one of [alices, ...bobs]) await sees(one, alice, bob)
  const elsewhere = tab(vera, another.id, other.port)
  await sees(elsewhere, vera)
  const { frames } = alices.state
  bobs[1]!.close()
  await new Promise((resolve) => setTimeout(resolve, 1500))
  expect(alices.state.frames).toBe(frames)
  bobs[0]!.close()
  await sees(alices, alice)
})

test('whoever is removed is no longer there', async () => {
  const { alice, bob } = service.people
  const project = await service.project({ visibility: 'private' })
  const [alices, bobs] = [tab(alice, project.id), tab(bob, project.id, other.port)]
  for (const one of [alices, bobs]) await sees(one, alice, bob)
  await service.as(alice)(members.remove, { params: { id: project.id, userId: bob.id } })
  await sees(alices, alice)
  expect(bobs.state.presence).toHaveLength(2)
})
