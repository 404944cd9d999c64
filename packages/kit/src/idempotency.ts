import { conflict, invalid, Problem } from './errors.ts'
import { newId } from './ids.ts'
import { type Queryable, sql } from './sql.ts'

/** What a key names: who sent it, for which route, with which body (a hash of the parsed input). */
export interface KeyOf {
  actor: string
  route: string
  key: string
  hash: string
}

/** A claimed key. Its request runs once, for 60 seconds at most, and stores its answer. */
export interface Claim extends KeyOf {
  owner: string
}

export interface StoredAnswer {
  status: number
  headers: Record<string, string>
  body: string | null
}

interface Found {
  hash: string
  owner: string
  live: boolean
  status: number | null
  headers: Record<string, string> | null
  body: string | null
}

/**
 * Takes an Idempotency-Key, in a short transaction of its own, or gives the answer that it has already. A key counts for
 * 24 hours a person and route; a claim whose process died is free after its lease of 60 s.
 * CONFLICT (409) while another request with it runs, IDEMPOTENCY_MISMATCH (422) for another body, VALIDATION_ERROR (400)
 * unless it has 1 to 255 printable ASCII characters.
 */
export const claim = async (
  db: Queryable,
  { actor, route, key, hash }: KeyOf,
): Promise<(Claim & { state: 'claimed' }) | (StoredAnswer & { state: 'answered' })> => {
  if (!/^[\x20-\x7e]{1,255}$/.test(key))
    throw invalid([{ path: 'Idempotency-Key', message: 'must have 1 to 255 printable characters' }])
  const owner = newId()
  // Twice nothing is found where another request took or released the key in the middle of this statement.
  for (let attempt = 0; attempt < 5; attempt++) {
    const found = await db.row<Found>(sql`with mine as (
        insert into kit.idempotency as i (actor, route, key, hash, owner, lease)
        values (${actor}, ${route}, ${key}, ${hash}, ${owner}, now() + interval '60 seconds')
        on conflict (actor, route, key) do update set hash = excluded.hash, owner = excluded.owner, lease = excluded.lease,
          status = null, headers = null, body = null, created = excluded.created
          where i.created < now() - interval '24 hours' or (i.status is null and i.lease < now() and i.hash = excluded.hash)
        returning i.*
      )
      select hash, owner, true as live, status, headers, body from mine
      union all
      select hash, owner, lease >= now(), status, headers, body from kit.idempotency
      where actor = ${actor} and route = ${route} and key = ${key} and created >= now() - interval '24 hours'
        and not exists (select from mine)`)
    if (!found) continue
    if (found.owner === owner) return { state: 'claimed', actor, route, key, hash, owner }
    if (found.hash !== hash)
      throw new Problem('IDEMPOTENCY_MISMATCH', 'This Idempotency-Key was used with another request. Use a new one.')
    if (found.status !== null)
      return { state: 'answered', status: found.status, headers: found.headers ?? {}, body: found.body }
    if (found.live) break
  }
  throw conflict('The request with this Idempotency-Key is still running. Repeat it when it has ended.')
}

/**
 * Keeps the answer, in the transaction of the change. Throws, so that the change rolls back, where the claim is no longer
 * ours: another request took the key over and will answer.
 */
export const storeAnswer = async (db: Queryable, mine: Claim, { status, headers, body }: StoredAnswer) => {
  const { actor, route, key, owner } = mine
  const kept = await db.run(sql`update kit.idempotency
    set status = ${status}, headers = ${JSON.stringify(headers)}::json, body = ${body}
    where actor = ${actor} and route = ${route} and key = ${key} and owner = ${owner}`)
  if (kept === 0) throw conflict('This request took too long, and a repetition of it has taken its place.')
}

/** Gives a claim back after an error that rolled everything back, so that the same key may be tried again. */
export const release = async (db: Queryable, { actor, route, key, owner }: Claim) => {
  await db.run(sql`delete from kit.idempotency
    where actor = ${actor} and route = ${route} and key = ${key} and owner = ${owner} and status is null`)
}
