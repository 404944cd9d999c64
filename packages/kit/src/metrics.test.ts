import { expect, test } from 'vitest'
import { openMetrics } from './metrics.ts'

const lags = async (text: Promise<string>) =>
  Object.fromEntries(
    [...(await text).matchAll(/nodejs_eventloop_lag_(\w+)_seconds\{[^}]*\} (\S+)/g)].map(([, what, n]) => [
      what,
      Number(n),
    ]),
  )

test('a turn of the event loop that took long is told as such, once', async () => {
  const registry = openMetrics('board', { ofProcess: true })
  const turn = () => new Promise((resolve) => setTimeout(resolve, 5))
  await turn()
  await lags(registry.metrics())
  for (const end = performance.now() + 300; performance.now() < end;);
  await turn()
  const after = await lags(registry.metrics())
  expect(after['max']).toBeGreaterThanOrEqual(0.3)
  expect(after['p99']).toBeGreaterThanOrEqual(0.25)
  await turn()
  expect((await lags(registry.metrics()))['max']).toBeLessThan(0.3)
})

test('how long turns of the event loop take is told of all that is promised, also of a process that did nothing', async () => {
  const registry = openMetrics('board', { ofProcess: true })
  expect(Object.keys(await lags(registry.metrics())).toSorted()).toEqual(['max', 'p50', 'p99'])
  for (const value of Object.values(await lags(registry.metrics()))) expect(value).toBeLessThan(60)
})

test('a process that nobody asks does not measure itself', async () => {
  expect(await openMetrics('board', { ofProcess: false }).metrics()).toBe('\n')
})
