import { setTimeout as pause } from 'node:timers/promises'
import { FailedJob } from '@wealist/contract/ops/jobs'
import type { ServiceName } from '@wealist/contract/topology'
import { forbidden, notFound, unavailable } from '@wealist/kit/errors'
import { type Decision, tellDecision } from '@wealist/kit/jobs.failed'
import { type PageRequest, staleCursor } from '@wealist/kit/page'
import * as z from 'zod'
import type { Ctx } from './deps.ts'
import * as jobs from './jobs.sql.ts'
import { reasonOf } from './outside.ts'
import { within } from './within.ts'

const Failed = z.object({ items: z.array(FailedJob) })
const Keys = z.tuple([z.iso.datetime({ offset: true }), z.string().regex(/^\d{1,18}$/)])

/** What a service keeps: all replicas read the same table, so whichever is the first to answer tells it. */
const ask = async ({ targets }: Pick<Ctx, 'targets'>, name: ServiceName, query: Record<string, string>) => {
  const one = async (target: string) =>
    Failed.parse(JSON.parse((await targets.ask(target, `/jobs?${new URLSearchParams(query)}`)).text)).items
  const any = async () => Promise.any((await targets.of(name)).map(one))
  return within(1600, any()).catch((error: unknown) => {
    const why = reasonOf(error instanceof AggregateError ? error.errors[0] : error, 1500)
    throw Object.assign(unavailable(`${name} could not be asked for its jobs: ${why}.`), { cause: error })
  })
}

export const list = async (ctx: Ctx, name: ServiceName, { after, limit, cursor }: PageRequest) => {
  const keys = after && Keys.safeParse(after)
  if (keys?.success === false) throw staleCursor()
  const before = keys && { at: keys.data[0], id: keys.data[1] }
  const query = { limit: String(limit + 1), ...before }
  // That another does not answer is no failure of ops: who looks at a service that is down would burn its error budget.
  const answer = await ask(ctx, name, query).catch((error: unknown) => ctx.log.debug({ err: error }, name))
  const found = answer ?? []
  const items = found.slice(0, limit)
  const last = found.length > limit ? items.at(-1)! : undefined
  return { items, nextCursor: last ? cursor([last.failedAt, last.id]) : null, answered: answer !== undefined }
}

const every = 100
const patience = 3000

/**
 * Has a failed job begin anew, or forgotten. It stands in the audit log before anybody is told; then its service is told
 * until the failure is gone, since the bus may lose, and doing it twice does nothing.
 */
export const decide = async (
  ctx: Ctx,
  { name, id, wanted }: { name: ServiceName; id: string; wanted: Decision['wanted'] },
): Promise<undefined> => {
  const failure = async () => (await ask(ctx, name, { id }))[0]
  const job = await failure()
  if (!job) throw notFound('This failed job')
  const note = { actor: ctx.actor.id, job: `${name}/${job.name}/${id}`, wanted, failure: job.error }
  if ((await jobs.note(ctx.db, note)) === 'forbidden')
    throw forbidden('Only an operator of the platform may do this, and you are none any more.')
  for (const end = Date.now() + patience; Date.now() < end;) {
    tellDecision(ctx.bus, name, { id, failedAt: job.failedAt, wanted })
    await pause(every)
    if ((await failure())?.failedAt !== job.failedAt) return
  }
  throw unavailable(`${name} has not done it yet: it may not hear of it, because Redis is away.`)
}
