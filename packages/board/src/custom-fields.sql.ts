import type { Field } from '@wealist/contract/board/custom-fields'
import { type Queryable, sql } from '@wealist/kit/sql'

/** Keeps fields of a project as they are until the transaction ends. */
export const hold = (tx: Queryable, { projectId, ids }: { projectId: string; ids: readonly string[] }) =>
  tx.rows<Pick<Field, 'id' | 'type' | 'options'>>(sql`select id, type, options from fields
    where project_id = ${projectId} and id = any(${ids}::uuid[]) order by id for share`)
