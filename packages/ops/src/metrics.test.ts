import { metrics, slo, status } from '@wealist/contract/ops'
import { serviceNames } from '@wealist/contract/topology'
import { readConfig } from '@wealist/kit/config'
import { requestBuckets } from '@wealist/kit/metrics'
import { farEnd, keeper, opsService } from '@wealist/dev/testing/ops-service'
import { afterEach, expect, test } from 'vitest'
import { Config } from './deps.ts'
import { readExposition } from './exposition.ts'
import { cut } from './history.ts'
import { bounds, figuresOf, joined } from './measures.ts'
import { alertOf } from './slo.ts'

const { kept, stopAll } = keeper()
afterEach(stopAll)

/** A service's /metrics as prom-client writes it, with the counts that a test wants. */
const exposition = (of: { requests: number; errors: number; quick: number; started?: number }) => {
  const bucket = (status: number, le: string, n: number) =>
    `http_request_duration_seconds_bucket{le="${le}",method="GET",route="/api/tasks/{id}",status="${status}",service="board"} ${n}`
  const good = of.requests - of.errors
  return [
    '# HELP http_request_duration_seconds Time to answer a request',
    ...requestBuckets.map((le) => bucket(200, String(le), le >= 0.01 ? Math.min(of.quick, good) : 0)),
    bucket(200, '+Inf', good),
    bucket(503, '+Inf', of.errors),
    `http_request_duration_seconds_count{method="GET",route="/api/tasks/{id}",status="200",service="board"} ${good}`,
    `http_request_duration_seconds_count{method="GET",route="/api/tasks/{id}",status="503",service="board"} ${of.errors}`,
    `process_cpu_seconds_total{service="board"} ${of.requests / 100}`,
    `process_start_time_seconds{service="board"} ${of.started ?? 1000}`,
    'process_resident_memory_bytes{service="board"} 1.5e8',
    'nodejs_eventloop_lag_p99_seconds{service="board"} 0.012',
    'live_listeners{service="board"} 7',
    'db_pool_connections{state="open",service="board"} 10',
    'db_pool_connections{state="waiting",service="board"} 3',
    'jobs_failed{name="a",service="board"} 2',
    'jobs_failed{name="b",service="board"} 1',
    'jobs_failed{name="c",service="board"} 0',
    'nodejs_eventloop_lag_min_seconds{service="board"} NaN',
  ].join('\n')
}

test('what our processes write is read: requests, 5xx, buckets and states', () => {
  const read = readExposition(exposition({ requests: 100, errors: 4, quick: 90 }))
  expect(read).toMatchObject({
    requests: 100,
    errors: 4,
    memory: 1.5e8,
    lag: 0.012,
    sockets: 7,
    waiting: 3,
    failedJobs: { a: 2, b: 1 },
  })
  expect(read.buckets).toEqual([...requestBuckets.map((le) => (le >= 0.01 ? 90 : 0)), 100])
})

test('the real /metrics of a service is read: its own requests are counted', async () => {
  const service = kept(await opsService({ METRICS_PORT: '0' }))
  const at = `http://127.0.0.1:${service.running.metricsPort}`
  const before = readExposition(await (await fetch(`${at}/metrics`)).text())
  for (let i = 0; i < 5; i++) await service.viewer(slo.get, {})
  const after = readExposition(await (await fetch(`${at}/metrics`)).text())
  expect(after.requests - before.requests).toBe(5)
  expect(after.buckets.at(-1)! - before.buckets.at(-1)!).toBe(5)
  expect(after).toMatchObject({ memory: expect.any(Number), lag: expect.any(Number), waiting: 0, sockets: 0 })
  expect(after.started).toBeGreaterThan(1e9)
  // What operators need of health is there too, and nothing else is.
  expect((await fetch(`${at}/health/ready`)).status).toBe(200)
  expect((await fetch(`${at}/api/status`)).status).toBe(404)
})

test('a status that waits for who hangs is a request like others, whose time is not counted', async () => {
  const service = kept(await opsService({ METRICS_PORT: '0' }))
  const at = `http://127.0.0.1:${service.running.metricsPort}`
  const read = async () => readExposition(await (await fetch(`${at}/metrics`)).text())
  const before = await read()
  await service.viewer(status.get, {})
  await service.viewer(slo.get, {})
  const after = await read()
  expect(after.requests - before.requests).toBe(2)
  expect(after.buckets.at(-1)! - before.buckets.at(-1)!).toBe(1)
})

const sample = (at: number, requests: number) => ({
  ...{ at, requests, errors: 0, cpu: 0, buckets: bounds.map(() => requests) },
  ...{ memory: 1, lag: 0, sockets: 0, waiting: 0, failedJobs: {} },
})

test('slices: each begins where the last one ended, nothing is counted twice, silence is a gap', () => {
  const samples = [sample(1000, 10), sample(2000, 15), sample(3000, 25), sample(8000, 40)]
  const slices = cut(samples, 9000, { seconds: 9, step: 1 })
  expect(slices.map((s) => s.measured?.requests)).toEqual([
    ...[undefined, 5, 10],
    ...[undefined, undefined, undefined, undefined],
    ...[15, undefined],
  ])
  const whole = joined(cut(samples, 9000, { seconds: 60, step: 60 }))!
  expect(whole.measured.requests).toBe(30)
  expect(whole.span).toBe(7)
  expect(joined(slices)!.measured.requests).toBe(30)
  expect(joined(cut([], 9000, { seconds: 9, step: 1 }))).toBeUndefined()
})

test('quantiles are straight within a bucket and stop at the highest bound, as Prometheus has it', () => {
  const measured = { ...sample(0, 0), requests: 100 }
  const of = (buckets: number[]) => figuresOf({ span: 10, measured: { ...measured, buckets } })
  // All between 10 and 25 ms.
  expect(of(bounds.map((le) => (le >= 0.025 ? 100 : 0)))).toMatchObject({ requests: 10, p50: 17.5, p99: 24.85 })
  expect(of(bounds.map((le) => (le === Infinity ? 100 : 0)))).toMatchObject({ p50: 10_000 })
  expect(figuresOf({ span: 10, measured: sample(0, 0) })).toMatchObject({ errors: null, p50: null })
})

test('counters read over time become rates; a restart, which begins at nothing, takes nothing away', async () => {
  const state = { requests: 1_000_000, errors: 500_000, quick: 1_000_000, started: 1000 }
  const board = kept(await farEnd((_, response) => void response.end(exposition(state))))
  const service = kept(
    await opsService({ BOARD_METRICS_URL: board.url, SCRAPE_SECONDS: '0.1', USER_METRICS_URL: 'http://127.0.0.1:1' }),
  )
  const figures = async () =>
    (await service.viewer(metrics.overview, { query: { period: '15m' } })).services.find((s) => s.name === 'board')!
  const patience = { timeout: 10_000, interval: 50 }
  await expect.poll(figures, patience).toMatchObject({ sockets: 7 })
  expect(await figures()).toMatchObject({ errors: null })
  Object.assign(state, { requests: 1_000_100, errors: 500_010, quick: 1_000_090 })
  await expect.poll(figures, patience).toMatchObject({ errors: 0.1 })
  Object.assign(state, { requests: 100, errors: 0, quick: 100, started: Date.now() / 1000 + 1 })
  await expect
    .poll(figures, patience)
    .toMatchObject({ errors: 0.05, memory: 1.5e8, waiting: 3, failedJobs: { a: 2, b: 1 }, lag: 12 })

  const objectives = await service.viewer(slo.get, {})
  expect(objectives.services.find((s) => s.name === 'board')!.availability).toMatchObject({
    target: 0.999,
    actual: 0.95,
    requests: 200,
    alert: 'fast',
  })
  expect(objectives.services.find((s) => s.name === 'user')!.availability).toMatchObject({
    actual: null,
    budget: null,
    alert: 'unknown',
  })
  const { points } = (await service.viewer(metrics.service, { params: { name: 'board' }, query: { period: '15m' } }))
    .service
  expect(points).toHaveLength(60)
  const { since } = await service.viewer(metrics.services, { query: { period: '24h' } })
  expect(Date.parse(since!)).toBeGreaterThan(Date.now() - 60_000)
})

test('an alarm needs both windows, so that it ends when the trouble does', () => {
  const burn = { '5m': 0, '30m': 0, '1h': 0, '6h': 0 }
  expect(alertOf({ ...burn, '1h': 15, '5m': 15 })).toBe('fast')
  expect(alertOf({ ...burn, '1h': 15, '5m': 0 })).toBe('ok')
  expect(alertOf({ ...burn, '6h': 7, '30m': 7 })).toBe('slow')
  expect(alertOf({ ...burn, '6h': 7, '30m': 1 })).toBe('ok')
  expect(alertOf({ '5m': null, '30m': null, '1h': null, '6h': null })).toBe('unknown')
})

test('with Prometheus the same answers come from nine queries, in which nothing that a person wrote stands', async () => {
  const asked: URLSearchParams[] = []
  const prometheus = kept(
    await farEnd((request, response) => {
      const params = new URL(request.url!, 'http://x').searchParams
      asked.push(params)
      const [start, end, step] = ['start', 'end', 'step'].map((name) => Number(params.get(name))) as [
        number,
        number,
        number,
      ]
      const times = Array.from({ length: Math.round((end - start) / step) + 1 }, (_, i) => start + i * step)
      const series = (metric: object, value: string) => ({ metric, values: times.map((t) => [t, value]) })
      const query = params.get('query')!
      const all = query.includes('bucket')
        ? bounds.map((le) =>
            series({ service: 'board', le: le === Infinity ? '+Inf' : String(le) }, le >= 0.1 ? '60' : '0'),
          )
        : query.includes('jobs_failed')
          ? [
              series({ service: 'board', name: 'objects.remove' }, '2'),
              series({ service: 'board', name: 'notice' }, '0'),
            ]
          : [series({ service: 'board' }, /5\.\.|http_errors/.test(query) ? '6' : query.includes('lag') ? 'NaN' : '60')]
      response.end(JSON.stringify({ status: 'success', data: { resultType: 'matrix', result: all } }))
    }),
  )
  const service = kept(await opsService({ PROMETHEUS_URL: prometheus.url, NAMESPACE: 'wealist-dev' }))
  const overview = await service.viewer(metrics.overview, { query: { period: '1h' } })
  expect(overview.source).toBe('prometheus')
  const board = overview.services.find((s) => s.name === 'board')!
  expect(board).toMatchObject({
    requests: 1,
    errors: 0.1,
    p50: 75,
    lag: null,
    sockets: 60,
    failedJobs: { 'objects.remove': 2 },
  })
  expect(overview.services.filter((s) => s.requests !== null)).toHaveLength(1)
  expect(asked).toHaveLength(9)
  const buckets = asked.find((params) => params.get('query')!.includes('bucket'))!
  expect(buckets.get('query')).toContain('route!="/api/status"')
  for (const params of asked) {
    expect(params.get('query')).toMatch(/^(sum|max) by \(service(, le|, name)?\) \(/)
    expect(params.get('query')).toContain('namespace="wealist-dev"')
    expect(Number(params.get('step'))).toBe(60)
  }
  asked.length = 0
  const objectives = await service.viewer(slo.get, {})
  // Three queries a window; what is long is read from what was recorded, not from a month of every route and pod.
  expect(asked).toHaveLength(15)
  for (const params of asked)
    expect(params.get('query')).toContain(
      Number(params.get('step')) >= 900 ? 'sum_over_time(service' : '(increase(http_',
    )
  const ofBoard = objectives.services.find((s) => s.name === 'board')!
  expect(ofBoard.availability).toMatchObject({ actual: 0.9, requests: 60 })
  expect(ofBoard.latency).toMatchObject({ actual: 1, requests: 60 })
  expect(objectives.window).toBe(30 * 86_400)
  for (const period of ['1h"} or vector(1)', '2d', ''])
    await expect(service.viewer(metrics.overview, { query: { period: period as '1h' } })).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
    })
  prometheus.stop()
  await expect(service.viewer(metrics.overview, {})).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  expect(() => readConfig(Config, { NAMESPACE: 'x"} or {y="' })).toThrow('NAMESPACE')
})

test('every service is in every answer, known or not', async () => {
  const service = kept(await opsService())
  const { services, total } = await service.viewer(metrics.overview, {})
  expect(services.map((s) => s.name)).toEqual(serviceNames)
  expect(total).toMatchObject({ requests: null, p99: null })
})
