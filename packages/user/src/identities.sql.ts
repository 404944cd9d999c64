import type { Standing } from '@wealist/contract/user/internal'
import { type Queryable, sql } from '@wealist/kit/sql'

const standing = sql`u.id, u.email, u.name, u.role, u.status`

export const bySubject = (db: Queryable, { provider, subject }: { provider: string; subject: string }) =>
  db.row<Standing>(sql`select ${standing} from identities i join users u on u.id = i.user_id
    where i.provider = ${provider} and i.subject = ${subject} and u.deleted_at is null`)

export const byEmail = (db: Queryable, email: string) =>
  db.row<Standing & { verified: boolean }>(sql`select ${standing}, u.email_verified_at is not null as verified
    from users u where u.email = ${email} and u.deleted_at is null`)

/** False where somebody has the subject already. */
export const insert = async (tx: Queryable, i: { provider: string; subject: string; userId: string }) =>
  (await tx.run(sql`insert into identities (provider, subject, user_id) values (${i.provider}, ${i.subject}, ${i.userId})
    on conflict do nothing`)) === 1

/**
 * The address is this person's from now on: a password that was set before anybody proved to own the address is gone.
 * Configuration makes an admin of whom no admin has given a role. Nothing where the person is.
 */
export const vouch = (tx: Queryable, { userId, admin }: { userId: string; admin: boolean }) =>
  tx.row<Standing>(sql`update users u set email_verified_at = coalesce(email_verified_at, now()),
      password_hash = case when email_verified_at is not null then password_hash end,
      role = case when ${admin} and not exists (select from ops.audit a
        where a.target = u.id::text and a.action = 'user.role') then 'admin' else role end
    where id = ${userId} and deleted_at is null returning ${standing}`)
