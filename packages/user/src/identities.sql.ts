import type { Standing } from '@wealist/contract/user/internal'
import { type Queryable, sql } from '@wealist/kit/sql'

const standing = sql`u.id, u.email, u.name, u.role, u.status`

export const bySubject = (db: Queryable, { provider, subject }: { provider: string; subject: string }) =>
  db.row<Standing>(sql`select ${standing} from identities i join users u on u.id = i.user_id
    where i.provider = ${provider} and i.subject = ${subject} and u.deleted_at is null`)

interface Addressed {
  provider: string
  subject: string
  email: string
}

/** Who has the address; `taken` where another subject of the provider signs in to their account. */
export const byEmail = (db: Queryable, { provider, subject, email }: Addressed) =>
  db.row<Standing & { verified: boolean; taken: boolean }>(sql`select ${standing},
      u.email_verified_at is not null as verified, exists (select from identities i
        where i.user_id = u.id and i.provider = ${provider} and i.subject <> ${subject}) as taken
    from users u where u.email = ${email} and u.deleted_at is null`)

/** False where somebody has the subject already, or the locked person one of the provider. */
export const insert = async (tx: Queryable, i: { provider: string; subject: string; userId: string }) =>
  (await tx.run(sql`insert into identities (provider, subject, user_id) select ${i.provider}, ${i.subject}, ${i.userId}
    where not exists (select from identities where provider = ${i.provider} and user_id = ${i.userId})
    on conflict do nothing`)) === 1

/**
 * The address is this person's from now on: a password that was set before anybody proved to own the address is gone.
 * Nothing where the person is.
 */
export const vouch = (tx: Queryable, userId: string) =>
  tx.row<Standing>(sql`update users u set email_verified_at = coalesce(email_verified_at, now()),
      password_hash = case when email_verified_at is not null then password_hash end
    where id = ${userId} and deleted_at is null returning ${standing}`)
