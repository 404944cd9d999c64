import type { PersonStatus, PlatformRole } from '@wealist/contract/ops/people'
import { forbidden, notFound, stale } from '@wealist/kit/errors'
import type { PageRequest } from '@wealist/kit/page'
import type { Ctx } from './deps.ts'
import * as people from './people.sql.ts'

export const list = (ctx: Ctx, filter: people.Filter, page: PageRequest) => people.list(ctx.db, filter, page)
export const get = (ctx: Ctx, id: string) => people.get(ctx.db, id)

/** Takes effect everywhere within a second, and stands in the audit log. */
export const setStanding = async (
  ctx: Ctx,
  id: string,
  change: { reason: string } & ({ what: 'status'; wanted: PersonStatus } | { what: 'role'; wanted: PlatformRole }),
) => {
  const verdict = await people.setStanding(ctx.db, { actor: ctx.actor.id, id, ...change })
  if (allowed(verdict)) await felt(ctx, id)
  return people.get(ctx.db, id)
}

export const update = async (ctx: Ctx, id: string, { name }: { name?: string | undefined }) => {
  const version = ctx.request.ifMatch
  if (name !== undefined) allowed(await people.setName(ctx.db, { actor: ctx.actor.id, id, name, version }))
  return people.get(ctx.db, id)
}

/** True where something changed; throws where it may not. */
export const allowed = (verdict: people.Verdict): boolean => {
  if (verdict === 'forbidden') throw forbidden('Only an admin of the platform may do this, and you are none any more.')
  if (verdict === 'missing') throw notFound('This person')
  if (verdict === 'self') throw forbidden('Nobody changes their own role or status; ask another admin.')
  if (verdict === 'stale') throw stale()
  return verdict === 'done'
}

// It is committed: what cannot be told to Redis now is told by user-service's job.
const felt = async (ctx: Ctx, id: string) => {
  try {
    const standing = await people.standingOf(ctx.db, id)
    if (standing) await ctx.revocations.follow(id, standing)
  } catch (error) {
    ctx.log.warn({ err: error }, 'sessions are ended by the job')
  }
}
