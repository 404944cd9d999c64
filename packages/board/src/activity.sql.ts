import type { ProjectEvent } from '@wealist/contract/board/events'
import type { PageRequest } from '@wealist/kit/page'
import { empty, type Queryable, sql } from '@wealist/kit/sql'
import { type Scope, scopeOf } from './access.sql.ts'

/** The log backwards, each event as its frame shows it. */
export const list = (
  db: Queryable,
  { projectId, userId, page }: { projectId: string; userId: string; page: PageRequest },
) =>
  db.livePage<Scope, ProjectEvent>(page, {
    scope: scopeOf({ via: 'project', id: projectId, userId }),
    topic: sql`'project:' || scope.id`,
    items: sql`select e.type, e.seq, e.payload::json as payload, e.at as timestamp, e.actor_id as "actorId" from kit.events e
      where e.topic = 'project:' || scope.id ${page.after ? sql`and e.seq < ${page.after[0]}::bigint` : empty}
      order by e.seq desc limit ${page.rows}`,
    keys: ['seq'],
  })
