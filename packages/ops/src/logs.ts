import { type Level, LogLine } from '@wealist/contract/ops/logs'
import { type ServiceName, serviceNames } from '@wealist/contract/topology'
import type { PageRequest } from '@wealist/kit/page'
import * as z from 'zod'
import type { Ctx } from './deps.ts'
import { fromLoki } from './loki.ts'
import { within } from './within.ts'

export interface Asked {
  service?: ServiceName | undefined
  level: Level
  q?: string | undefined
}

export const list = async (ctx: Ctx, asked: Asked, page: PageRequest) => {
  const [at, id] = page.after ?? []
  const before = at && id ? { at, id } : undefined
  const { lines, missing } = ctx.settings.loki
    ? { lines: await fromLoki(ctx, asked, { before, limit: page.limit + 1 }), missing: [] }
    : await fromFleet(ctx, asked, { before, limit: page.limit + 1 })
  const items = lines.slice(0, page.limit)
  const last = lines.length > page.limit ? items.at(-1)! : undefined
  return {
    items,
    nextCursor: last ? page.cursor([last.at, last.id]) : null,
    source: ctx.settings.loki ? ('loki' as const) : ('fleet' as const),
    missing,
  }
}

export interface Span {
  before: { at: string; id: string } | undefined
  limit: number
}

const Lines = z.object({ items: z.array(LogLine.omit({ service: true })) })

/** What every replica still has in memory, filtered there, in one order. */
const fromFleet = async ({ targets }: Pick<Ctx, 'targets'>, { service, level, q }: Asked, span: Span) => {
  const query = new URLSearchParams({ level, limit: String(span.limit), ...(q && { q }), ...span.before })
  const linesOf = async (name: ServiceName, target: string) =>
    Lines.parse(JSON.parse((await targets.ask(target, `/logs?${query}`)).text)).items.map((line) => ({
      ...line,
      service: name,
    }))
  // A replica that hangs hides nothing of what the others say.
  const of = async (name: ServiceName) =>
    Promise.allSettled((await targets.of(name)).map((target) => linesOf(name, target)))
  const names = service ? [service] : serviceNames
  const answers = await Promise.all(
    names.map((name) => within(1600, of(name)).catch((reason: unknown) => [{ status: 'rejected' as const, reason }])),
  )
  const lines = answers.flat().flatMap((a) => (a.status === 'fulfilled' ? a.value : []))
  return {
    lines: lines.toSorted(newestFirst).slice(0, span.limit),
    missing: names.filter((_, i) => answers[i]!.some((a) => a.status === 'rejected')),
  }
}

const newestFirst = (a: LogLine, b: LogLine) =>
  a.at === b.at ? (a.id < b.id ? 1 : a.id > b.id ? -1 : 0) : a.at < b.at ? 1 : -1
