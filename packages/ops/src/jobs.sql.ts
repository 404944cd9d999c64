import { type Queryable, sql } from '@wealist/kit/sql'

interface Note {
  actor: string
  /** `board/notice/17`: service, name, id. */
  job: string
  wanted: 'retry' | 'discard'
  failure: string | null
}

/** Writes it into the audit log, or `forbidden` where the actor is no operator any more. */
export const note = async (db: Queryable, { actor, job, wanted, failure }: Note) =>
  (await db.row<{ verdict: 'done' | 'forbidden' }>(
    sql`select ops.note_job(${actor}, ${job}, ${wanted}, ${failure}) as verdict`,
  ))!.verdict
