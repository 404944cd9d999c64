import type { Person, PersonStatus, PlatformRole } from '@wealist/contract/ops/people'
import type { PageRequest } from '@wealist/kit/page'
import type { PersonStanding } from '@wealist/kit/revocations'
import { containing, empty, type Queryable, sql } from '@wealist/kit/sql'

// ops may read these views and call these functions, and nothing else of user's database.

const columns = sql`p.id, p.email, p.name, p.role, p.status, p.email_verified as "emailVerified", p.workspaces, p.version,
  p.created_at as "createdAt", p.updated_at as "updatedAt"`

export interface Filter {
  q?: string | undefined
  role?: PlatformRole | undefined
  status?: PersonStatus | undefined
}

export const list = (db: Queryable, { q, role, status }: Filter, page: PageRequest) =>
  db.page<Person>(page, {
    items: sql`select ${columns} from ops.people p where true
      ${q ? sql`and (p.name ilike ${containing(q)} or p.email ilike ${containing(q)})` : empty}
      ${role ? sql`and p.role = ${role}` : empty} ${status ? having(status) : empty}
      ${page.after ? sql`and (p.created_at, p.id) < (${page.after[0]}::timestamptz, ${page.after[1]}::uuid)` : empty}
      order by p.created_at desc, p.id desc limit ${page.rows}`,
    keys: ['createdAt', 'id'],
    slow: q !== undefined,
  })

// Those who are kept out are few and have an index of their own, which a plan for any status could not use.
const having = (status: PersonStatus) =>
  sql`and p.status = ${status} ${status === 'active' ? empty : sql`and p.status <> 'active'`}`

export const get = (db: Queryable, id: string) =>
  db.json<Person>(sql`select ${columns} from ops.people p where p.id = ${id}`)

export const standingOf = (db: Queryable, id: string) =>
  db.row<PersonStanding>(sql`select status, standing_version as version from ops.people where id = ${id}`)

/** What became of a change: `done` with its row in the audit log, `same` where there was nothing to change. */
export type Verdict = 'done' | 'same' | 'forbidden' | 'missing' | 'self' | 'stale'

const verdict = async (asked: Promise<{ verdict: Verdict } | undefined>) => (await asked)!.verdict

interface Change {
  actor: string
  id: string
}

export const setStanding = (
  db: Queryable,
  c: Change & { reason: string } & ({ what: 'status'; wanted: PersonStatus } | { what: 'role'; wanted: PlatformRole }),
) => verdict(db.row(sql`select ops.set_standing(${c.actor}, ${c.id}, ${c.what}, ${c.wanted}, ${c.reason}) as verdict`))

export const setName = (db: Queryable, c: Change & { name: string; version: number | undefined }) =>
  verdict(db.row(sql`select ops.set_name(${c.actor}, ${c.id}, ${c.name}, ${c.version ?? null}) as verdict`))
