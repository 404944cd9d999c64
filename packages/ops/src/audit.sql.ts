import type { Action, AuditEntry } from '@wealist/contract/ops/audit'
import type { PageRequest } from '@wealist/kit/page'
import { empty, type Queryable, sql } from '@wealist/kit/sql'

export interface Filter {
  action?: Action | undefined
  actorId?: string | undefined
  target?: string | undefined
  since?: string | undefined
  until?: string | undefined
}

export const list = (db: Queryable, { action, actorId, target, since, until }: Filter, page: PageRequest) =>
  db.page<AuditEntry>(page, {
    items: sql`select a.id, a.at, a.action, a.actor_id as "actorId", actor.name as "actorName", a.target,
        coalesce(person.name, a.target) as "targetName", a.was as "from", a.became as "to", a.reason
      from ops.audit a join ops.names actor on actor.id = a.actor_id
      left join ops.names person on person.id = case when a.action like 'user.%' then a.target::uuid end
      where true ${action ? sql`and a.action = ${action}` : empty} ${actorId ? sql`and a.actor_id = ${actorId}` : empty}
      ${target ? sql`and a.target = ${target}` : empty}
      ${since ? sql`and a.at >= ${since}::timestamptz` : empty} ${until ? sql`and a.at < ${until}::timestamptz` : empty}
      ${page.after ? sql`and (a.at, a.id) < (${page.after[0]}::timestamptz, ${page.after[1]}::uuid)` : empty}
      order by a.at desc, a.id desc limit ${page.rows}`,
    keys: ['at', 'id'],
  })
