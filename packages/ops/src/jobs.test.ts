import { audit, jobs } from '@wealist/contract/ops'
import { newId } from '@wealist/kit/ids'
import { type Listening, run } from '@wealist/kit/node'
import { farEnd, keeper, type OpsService, opsService } from '@wealist/dev/testing/ops-service'
import { cutOff } from '@wealist/dev/testing/redis'
import { user } from '@wealist/user/service'
import { afterAll, beforeAll, expect, test } from 'vitest'

const { kept, stopAll } = keeper()
let service: OpsService
let pod: Listening<unknown>
let isAway = true

// user-service once more, with a metrics port, through a door that can be shut.
beforeAll(async () => {
  const door = kept(
    await farEnd((request, response) => {
      if (isAway) return void response.destroy()
      void fetch(`http://127.0.0.1:${pod.metricsPort}${request.url}`).then(async (r) => response.end(await r.text()))
    }),
  )
  service = kept(await opsService({ USER_METRICS_URL: door.url }))
  pod = kept(await run(user, { ...service.user.environment, METRICS_PORT: '0' }))
  isAway = false
})
afterAll(stopAll)

const name = 'user' as const
const keptJobs = async () => (await service.viewer(jobs.list, { params: { name } })).items
/** A job that has failed for good: its payload is none. */
const failed = async () => {
  const [row] = await service.user.rows<{ id: string }>(
    `select id from graphile_worker.add_job('standing.apply', '{"userId":"nobody"}', max_attempts => 1)`,
  )
  await expect.poll(async () => (await keptJobs()).map((j) => j.id), { timeout: 10_000 }).toContain(row!.id)
  return { params: { name, id: row!.id } }
}
const mend = (id: string) =>
  service.user.rows(`update graphile_worker._private_jobs set payload = $2 where id = $1`, [
    id,
    JSON.stringify({ userId: newId() }),
  ])
const isLeft = async (id: string) =>
  (await service.user.rows(`select from graphile_worker.jobs where id = $1`, [id])).length > 0
const entries = async (id: string) => {
  const { items } = await service.viewer(audit.list, { query: { target: `user/standing.apply/${id}` } })
  return items
}

test('an operator has a failed job run again, and that stands in the audit log; once it is done there is no such job', async () => {
  const operator = service.as(await service.person('operator', 'Olga'))
  const input = await failed()
  const { id } = input.params
  expect((await keptJobs()).find((j) => j.id === id)).toMatchObject({ name: 'standing.apply', attempts: 1 })
  await mend(id)
  await operator(jobs.retry, input)
  await expect.poll(() => isLeft(id), { timeout: 10_000 }).toBe(false)
  expect(await entries(id)).toMatchObject([
    { action: 'job.retry', actorName: 'Olga', targetName: `user/standing.apply/${id}`, to: null, reason: null },
  ])
  for (const route of [jobs.retry, jobs.discard])
    await expect(operator(route, input)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect(await entries(id)).toHaveLength(1)
})

test('an operator forgets a failed job, and why it had failed stays in the audit log', async () => {
  const operator = service.as(await service.person('operator'))
  const input = await failed()
  const { error } = (await keptJobs()).find((j) => j.id === input.params.id)!
  await operator(jobs.discard, input)
  expect(await isLeft(input.params.id)).toBe(false)
  expect(error).toContain('uuid')
  expect(await entries(input.params.id)).toMatchObject([{ action: 'job.discard', from: error }])
})

test('two operators at the same moment: both are told that it is done', async () => {
  const [one, two] = [await service.person('operator'), await service.person('admin')]
  const input = await failed()
  await Promise.all([one, two].map((who) => service.as(who)(jobs.discard, input)))
  expect(await isLeft(input.params.id)).toBe(false)
})

test('a viewer, and an operator who is none any more, decide nothing', async () => {
  const operator = await service.person('operator')
  const input = await failed()
  await service.user.rows(`update users set role = 'viewer' where id = $1`, [operator.id])
  for (const ask of [service.viewer, service.as(operator)])
    for (const route of [jobs.retry, jobs.discard])
      await expect(ask(route, input)).rejects.toMatchObject({ code: 'FORBIDDEN' })
  expect(await isLeft(input.params.id)).toBe(true)
  expect(await entries(input.params.id)).toEqual([])
  await expect(
    service.running.base.db.pool.query(
      `insert into ops.audit (actor_id, action, target) values ($1, 'job.retry', 'x')`,
      [operator.id],
    ),
  ).rejects.toThrow('permission denied')
})

test('what the bus loses is told again; a service that is away, or hears nothing, is told in words', async () => {
  const operator = service.as(await service.person('operator'))
  const input = await failed()
  const { redis } = service.running.base
  await cutOff(redis)
  await expect(operator(jobs.discard, input)).rejects.toMatchObject({ code: 'UNAVAILABLE', message: /not done it yet/ })
  const asked = operator(jobs.discard, input)
  setTimeout(() => void redis.connect(), 500)
  await asked
  expect(await isLeft(input.params.id)).toBe(false)
  isAway = true
  expect(await service.viewer(jobs.list, { params: { name } })).toEqual({
    items: [],
    nextCursor: null,
    answered: false,
  })
  await expect(operator(jobs.discard, input)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: /could not be asked/,
  })
  isAway = false
})

test('failed jobs come a page at a time, and a cursor that somebody made up is refused', async () => {
  await Promise.all([failed(), failed(), failed()])
  const whole = await keptJobs()
  const paged: string[] = []
  for (let cursor: string | undefined; ;) {
    const page = await service.viewer(jobs.list, { params: { name }, query: { limit: 1, ...(cursor && { cursor }) } })
    paged.push(...page.items.map(({ id }) => id))
    if (!page.nextCursor) break
    cursor = page.nextCursor
    const [hash] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as string[]
    for (const made of [['x', '1'], [new Date().toISOString(), "'"], ['1']]) {
      const query = { cursor: Buffer.from(JSON.stringify([hash, ...made])).toString('base64url') }
      await expect(service.viewer(jobs.list, { params: { name }, query })).rejects.toMatchObject({
        code: 'VALIDATION_ERROR',
      })
    }
  }
  expect(whole.length).toBeGreaterThanOrEqual(3)
  expect(paged).toEqual(whole.map(({ id }) => id))
})
