import { type LogLine, Level } from '@wealist/contract/ops/logs'
import { serviceNames } from '@wealist/contract/topology'
import * as z from 'zod'
import type { Ctx } from './deps.ts'
import type { Asked, Span } from './logs.ts'

const Answer = z.object({
  data: z.object({
    result: z.array(
      z.object({ stream: z.record(z.string(), z.string()), values: z.array(z.tuple([z.string(), z.string()])) }),
    ),
  }),
})
const Said = z.looseObject({
  level: Level.catch('info'),
  time: z.iso.datetime({ offset: true }),
  service: z.string(),
  msg: z.string().default(''),
  requestId: z.string().nullable().default(null),
})

/**
 * A string of LogQL that stands for this text and can be nothing else: every character but letters, digits and spaces is
 * written by its number.
 */
export const quoted = (text: string) =>
  `"${[...text].map((c) => (/[A-Za-z0-9 ]/.test(c) ? c : `\\U${c.codePointAt(0)!.toString(16).padStart(8, '0')}`)).join('')}"`

/** The query for what was asked: names from closed lists, and the text as a string of its own. */
export const queryOf = (namespace: string, { service, level, q }: Asked) => {
  const names = service ? [service] : serviceNames
  const levels = Level.options.slice(Level.options.indexOf(level))
  const holding = q ? ` |= ${quoted(q)}` : ''
  return `{namespace="${namespace}", app=~"${names.join('|')}"}${holding} | json level="level" | level=~"${levels.join('|')}"`
}

// A week back at most: what is older is for Loki's own page.
const days = 7

export const fromLoki = async (
  { settings, outside, clock }: Pick<Ctx, 'settings' | 'outside' | 'clock'>,
  asked: Asked,
  { before, limit }: Span,
): Promise<LogLine[]> => {
  // Loki counts in nanoseconds and leaves out the end itself. An id is that time with the line's place in it.
  const end = before ? before.id.split('-')[0]! : `${clock.now()}999999`
  const start = `${clock.now() - days * 86_400_000}000000`
  const params = { query: queryOf(settings.namespace, asked), start, end, limit: String(limit), direction: 'backward' }
  const url = `${settings.loki}/loki/api/v1/query_range?${new URLSearchParams(params)}`
  const { data } = await outside.json('Loki', url, Answer)
  const lines = data.result.flatMap(({ stream, values }) => values.map(([ns, text]) => lineOf(ns, text, stream['app'])))
  return lines.toSorted((a, b) => (a.id < b.id ? 1 : -1)).slice(0, limit)
}

let n = 0
const lineOf = (ns: string, text: string, app = 'unknown'): LogLine => {
  const at = new Date(Number(ns.slice(0, -6))).toISOString()
  const id = `${ns}-${String(n++ % 1_000_000).padStart(6, '0')}`
  try {
    const { level, time, service, msg, requestId, ...fields } = Said.parse(JSON.parse(text))
    return { id, at: time, service, level, message: msg, requestId, fields }
  } catch {
    return { id, at, service: app, level: 'info', message: text.slice(0, 10_000), requestId: null, fields: {} }
  }
}
