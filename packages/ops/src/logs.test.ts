import { logs } from '@wealist/contract/ops'
import type { LogLine } from '@wealist/contract/ops/logs'
import { farEnd, keeper, type OpsService, opsService } from '@wealist/dev/testing/ops-service'
import { pageRequest } from '@wealist/kit/page'
import { afterEach, expect, test } from 'vitest'
import type { Ctx } from './deps.ts'
import { list } from './logs.ts'
import { queryOf, quoted } from './loki.ts'

const { kept, stopAll } = keeper()
afterEach(stopAll)
const everything = async (service: OpsService, query: Record<string, string>) => {
  const lines: LogLine[] = []
  for (let cursor: string | undefined; ;) {
    const page = await service.viewer(logs.list, { query: { ...query, ...(cursor && { cursor }) } })
    lines.push(...page.items)
    if (!page.nextCursor) return lines
    cursor = page.nextCursor
  }
}

/** ops and a second process whose lines it shows as board's. */
const fleet = async () => {
  const lines: string[] = []
  const board = kept(
    await opsService(
      { METRICS_PORT: '0', LOG_RECENT: '50', LOG_LEVEL: 'debug' },
      {
        logTo: { write: (line) => void lines.push(line) },
      },
    ),
  )
  const service = kept(await opsService({ BOARD_METRICS_URL: `http://127.0.0.1:${board.running.metricsPort}` }))
  return { service, log: board.running.base.log, lines }
}

test('lines of the fleet come newest first, each once, page by page, and no more than are kept', async () => {
  const { service, log, lines } = await fleet()
  for (let n = 0; n < 120; n++) log.info({ n }, 'counted')
  expect(lines.length).toBeGreaterThan(120)
  const all = await everything(service, { service: 'board', q: 'COUNTED', limit: '7' })
  expect(all.map((line) => line.fields['n'])).toEqual(Array.from({ length: 50 }, (_, i) => 119 - i))
  expect(all[0]).toMatchObject({ service: 'board', level: 'info', message: 'counted', requestId: null })
})

test('by least level, by text; what is secret is not in them, and what is too long is cut and stays readable', async () => {
  const { service, log } = await fleet()
  log.debug('quiet')
  log.warn({ requestId: 'r-1', token: 'very-secret' }, 'redis is away')
  log.error({ err: new Error('broken'), long: 'x'.repeat(100_000) }, 'request failed')
  const of = async (query: Record<string, string>) =>
    (await service.viewer(logs.list, { query: { service: 'board', ...query } })).items
  expect((await of({ level: 'warn' })).map((line) => line.message)).toEqual(['request failed', 'redis is away'])
  expect(await of({ level: 'warn', q: 'R-1' })).toMatchObject([{ requestId: 'r-1', fields: { token: '[redacted]' } }])
  expect((await of({ level: 'error' }))[0]!.fields['cut']).toMatch(/^\{"level":"error"/)
  expect(await of({ level: 'debug', q: 'quiet' })).toHaveLength(1)
  expect(await of({ q: 'quiet' })).toEqual([])
})

test('a service that does not answer is named as missing, and the others are shown', async () => {
  const { service } = await fleet()
  const { missing, source, items } = await service.viewer(logs.list, {})
  expect(source).toBe('fleet')
  expect(missing).toContain('chat')
  expect(missing).not.toContain('board')
  expect(items.length).toBeGreaterThan(0)
})

test('of a service of which one replica does not answer, the others’ lines are shown, and it is named as missing', async () => {
  const line = { id: '1', at: '2026-11-01T00:00:00.000Z', level: 'info', message: 'here', requestId: null, fields: {} }
  const targets = {
    of: async () => ['good', 'bad'],
    ask: async (target: string) => {
      if (target === 'bad') throw new Error('no answer within 1.5 s')
      return { status: 200, text: JSON.stringify({ items: [line] }) }
    },
  }
  const ctx = { targets, settings: {} } as unknown as Ctx
  const page = pageRequest('', {}, {})
  const { items, missing } = await list(ctx, { service: 'board', level: 'info' }, page)
  expect(items).toEqual([{ ...line, service: 'board' }])
  expect(missing).toEqual(['board'])
})

test('a text of any kind stands in LogQL as one string and nothing else', () => {
  const hostile = ['"} | line_format "x', '`', '\\', '\\"', '\n', '{app="x"}', '가', '🦩', 'a b', '| json', '\u2028']
  for (const text of hostile) {
    const literal = quoted(text)
    expect(literal).toMatch(/^"(?:[A-Za-z0-9 ]|\\U[0-9a-f]{8})*"$/)
    const back = literal
      .slice(1, -1)
      .replace(/\\U([0-9a-f]{8})/g, (_, hex: string) => String.fromCodePoint(parseInt(hex, 16)))
    expect(back).toBe(text)
    expect(queryOf('wealist-prod', { level: 'warn', q: text })).toBe(
      `{namespace="wealist-prod", app=~"auth|user|board|chat|noti|storage|ops"} |= ${literal} | json level="level" | level=~"warn|error|fatal"`,
    )
  }
})

test('with Loki lines come from there, page by page back in time; 503 where it does not answer', async () => {
  const said = (n: number) =>
    JSON.stringify({
      level: 'warn',
      time: new Date(1e12 + n).toISOString(),
      service: 'board',
      msg: `line ${n}`,
      requestId: 'r',
    })
  const loki = kept(
    await farEnd((request, response) => {
      const params = new URL(request.url!, 'http://x').searchParams
      const end = BigInt(params.get('end')!)
      const values = Array.from({ length: 25 }, (_, i) => [`${BigInt(1e12 + i) * 1_000_000n}`, said(i)] as const)
        .filter(([ns]) => BigInt(ns) < end)
        .toReversed()
        .slice(0, Number(params.get('limit')))
      response.end(JSON.stringify({ data: { result: [{ stream: { app: 'board' }, values }] } }))
    }),
  )
  const service = kept(await opsService({ LOKI_URL: loki.url }))
  const all = await everything(service, { limit: '10' })
  expect(all.map((line) => line.message)).toEqual(Array.from({ length: 25 }, (_, i) => `line ${24 - i}`))
  loki.stop()
  await expect(service.viewer(logs.list, {})).rejects.toMatchObject({ code: 'UNAVAILABLE' })
})
