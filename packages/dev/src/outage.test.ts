import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { projects, tasks } from '@wealist/contract/board'
import { newId } from '@wealist/kit/ids'
import { migrate } from '@wealist/kit/migrate'
import { board } from '@wealist/board/service'
import { afterEach, expect, test } from 'vitest'
import { createDatabases } from './databases.ts'
import { freePort } from './ports.ts'
import { startPostgres } from './postgres.ts'
import { startLine } from './testing/line.ts'
import { oneService, type OneService } from './testing/one-service.ts'
import { tasksOf } from './testing/project-client.ts'
import { startWorkspaces } from './testing/workspaces.ts'

const alice = { id: newId() }
const workspaceId = newId()
const stops: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop()
})

const lineTo = async (target: string) => {
  const line = await startLine(target)
  stops.push(line.down)
  return line
}

const startBoard = async (given: (database: string) => Promise<Record<string, string>>) => {
  const workspaces = await startWorkspaces()
  stops.push(workspaces.stop)
  await workspaces.set(workspaceId, alice.id, 'owner')
  const service: OneService<object> = await oneService(board, async (database) => ({
    USER_URL: workspaces.url,
    ...(await given(database)),
  }))
  stops.push(service.stop)
  const project = await service.as(alice)(projects.create, { body: { workspaceId, name: 'Storm' } })
  const column = project.boards[0]!.id
  const add = (title: string) => service.as(alice)(tasks.create, { params: { id: column }, body: { title } })
  const list = () => tasksOf(service.as(alice), column, 100).then((all) => all.map((t) => t.title))
  const code = (work: Promise<unknown>) =>
    work.then(
      () => 'OK',
      (e: { code: string }) => e.code,
    )
  const again = async (work: () => Promise<unknown>, ms: number) => {
    const start = performance.now()
    while ((await code(work())) !== 'OK') {
      if (performance.now() - start > ms) throw new Error(`not back within ${ms} ms`)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    return performance.now() - start
  }
  return { service, add, list, code, again, project }
}

test('Redis away: every write is stored and answered; afterwards everything works without a restart', async () => {
  const line = await lineTo(process.env['TEST_REDIS_URL']!)
  const { service, add, list, code, again } = await startBoard(async () => ({ REDIS_URL: line.url }))
  await add('before')
  await line.down()
  const during = await Promise.all(Array.from({ length: 10 }, (_, i) => code(add(`during ${i}`))))
  expect(new Set(during)).toEqual(new Set(['OK']))
  const ready = await fetch(`${service.url}/health/ready`)
  expect([ready.status, ((await ready.json()) as { status: string }).status]).toEqual([200, 'degraded'])
  await line.up()
  await again(async () => {
    const answer = (await (await fetch(`${service.url}/health/ready`)).json()) as { status: string }
    if (answer.status !== 'ok') throw new Error(answer.status)
  }, 5000)
  await add('after')
  expect(await list()).toHaveLength(12)
})

test('PostgreSQL away: requests fail with 503 and store nothing by halves; it works within seconds of its return', async () => {
  let line: Awaited<ReturnType<typeof startLine>> | undefined
  const { add, list, code, again } = await startBoard(async (database) => ({
    DATABASE_URL: (line = await lineTo(database)).url,
  }))
  const acknowledged: string[] = []
  let stop = false
  const answers = new Set<string>()
  const load = Promise.all(
    Array.from({ length: 5 }, async (_, worker) => {
      for (let i = 0; !stop; i++) {
        const title = `${worker}-${i}`
        const answer = await code(add(title))
        answers.add(answer)
        if (answer === 'OK') acknowledged.push(title)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }),
  )
  await new Promise((resolve) => setTimeout(resolve, 300))
  await line!.down()
  await new Promise((resolve) => setTimeout(resolve, 700))
  await line!.up()
  await again(list, 5000)
  stop = true
  await load
  expect([...answers].toSorted()).toEqual(['OK', 'UNAVAILABLE'])
  const stored = new Set(await list())
  expect(acknowledged.filter((title) => !stored.has(title))).toEqual([])
})

test('PostgreSQL restarted while requests run: what was acknowledged is there, and it is used again without a restart of ours', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'wealist-outage-'))
  stops.push(() => rm(dir, { recursive: true, force: true }))
  const port = await freePort()
  const upPostgres = () => startPostgres({ dir: join(dir, 'postgres'), port, durable: true })
  let postgres = await upPostgres()
  stops.push(() => postgres.stop())
  const databases = await createDatabases(postgres.url)
  await migrate({ url: databases.board!, dir: board.migrations })
  const { add, list, code, again } = await startBoard(async () => ({
    DATABASE_URL: databases.board!,
  }))
  const acknowledged: string[] = []
  const answers = new Set<string>()
  let over = false
  const load = Promise.all(
    Array.from({ length: 4 }, async (_, worker) => {
      for (let i = 0; !over; i++) {
        const title = `${worker}-${i}`
        const answer = await code(add(title))
        answers.add(answer)
        if (answer === 'OK') acknowledged.push(title)
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    }),
  )
  await new Promise((resolve) => setTimeout(resolve, 300))
  await postgres.stop()
  await new Promise((resolve) => setTimeout(resolve, 300))
  postgres = await upPostgres()
  await again(list, 8000)
  const before = acknowledged.length
  await expect.poll(() => acknowledged.length, { timeout: 8000 }).toBeGreaterThan(before)
  over = true
  await load
  expect([...answers].filter((a) => a !== 'OK' && a !== 'UNAVAILABLE')).toEqual([])
  const stored = new Set(await list())
  expect(acknowledged.filter((title) => !stored.has(title))).toEqual([])
}, 60_000)
