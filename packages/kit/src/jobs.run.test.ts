import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { testLog } from '@wealist/dev/testing/log'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { job } from './jobs.registry.ts'
import { runJob, type Runs } from './jobs.run.ts'

const runs = {
  db: { row: async () => ({ key: null }), run: async () => 1, tx: undefined },
  log: testLog(),
  ctx: {},
  metrics: { done: () => undefined, took: () => undefined },
} as unknown as Runs
const taken = { id: '1', key: null, attempts: 1, max_attempts: 25, locked_by: 'me' }

test('a job that ended is forgotten, however long its process goes on', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const stopping = new AbortController()
  const spec = job('spec', z.any(), () => undefined)
  const run = async () => {
    const payload = { text: 'x' }
    await runJob(runs, spec, { job: taken as never, payload, stopping: stopping.signal })
    return new WeakRef(payload)
  }
  const payloads = await Promise.all(Array.from({ length: 20 }, run))
  await new Promise((resolve) => setTimeout(resolve, 10))
  collect()
  expect(payloads.filter((payload) => payload.deref()).length).toBeLessThan(2)
  stopping.abort()
})

test('a job is told when its process stops, also where that was before it began', async () => {
  for (const before of [true, false]) {
    const stopping = new AbortController()
    const reason = new Error('the process stops')
    let told: unknown
    const spec = job('spec', z.any(), async (ctx) => {
      ctx.job.signal.addEventListener('abort', () => (told = ctx.job.signal.reason))
      await new Promise(() => undefined)
    })
    if (before) stopping.abort(reason)
    const running = runJob(runs, spec, { job: taken as never, payload: {}, stopping: stopping.signal })
    running.catch(() => undefined)
    await new Promise((resolve) => setImmediate(resolve))
    if (!before) stopping.abort(reason)
    await expect(running).rejects.toBe(reason)
    expect(told).toBe(before ? undefined : reason)
  }
})
