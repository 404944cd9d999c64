import type { Membership } from '@wealist/contract/user/internal'
import type { WorkspaceRole } from '@wealist/contract/user/workspaces'
import type { Base } from '@wealist/kit/context'
import { publishMembership } from '@wealist/kit/membership.publish'
import type { Tx } from '@wealist/kit/tx'
import type { Ctx } from './deps.ts'
import * as directory from './directory.sql.ts'

/** What a transaction says it did; the log carries it to every service. `version` is the workspace's membership version. */
export interface Tell {
  member(change: { workspaceId: string; userId: string; role: WorkspaceRole | null; version: number }): void
  workspaceDeleted(change: { workspaceId: string; version: number }): void
  personDeleted(userId: string): void
}

/**
 * A transaction of the request that changes who is where. Caches hear of it right after the commit, before the caller
 * does, and again by a job, in case this process or Redis is gone by then.
 */
export const telling = async <T>(
  ctx: Pick<Ctx, 'tx' | 'redis' | 'log'>,
  work: (tx: Tx, tell: Tell) => Promise<T>,
): Promise<T> => {
  let versions = new Map<string, number>()
  const answer = await ctx.tx((tx) => {
    versions = new Map()
    const changed = (workspaceId: string, version: number) => {
      versions.set(workspaceId, version)
      tx.addJob('membership.publish', { workspaceId }, { key: `membership:${workspaceId}` })
    }
    return work(tx, {
      member: (change) => {
        tx.emit(directory.topic, 'member.changed', change)
        changed(change.workspaceId, change.version)
      },
      workspaceDeleted: ({ workspaceId, version }) => {
        tx.emit(directory.topic, 'workspace.deleted', { workspaceId })
        tx.addJob('noti.workspace-deleted', { workspaceId })
        changed(workspaceId, version)
      },
      personDeleted: (userId) => {
        tx.emit(directory.topic, 'person.deleted', { userId })
        tx.addJob('noti.person-deleted', { userId })
      },
    })
  })
  await Promise.all(
    [...versions].map(([workspaceId, version]) => publishMembership(ctx.redis, { workspaceId, version })),
  )
  return answer
}

/** The job's part: whatever the version is by now. */
export const publish = async ({ db, redis }: Base, { workspaceId }: { workspaceId: string }) => {
  const version = await directory.versionOf(db, workspaceId)
  if (version !== undefined && !(await publishMembership(redis, { workspaceId, version })))
    throw new Error('redis is away')
}

export const read = (ctx: Pick<Base, 'db'>, page: { after: number; limit: number }) => directory.read(ctx.db, page)

/** Of a workspace that never was, nobody is a member, at version 0. */
export const membership = async (
  ctx: Pick<Base, 'db'>,
  who: { workspaceId: string; userId: string },
): Promise<Membership> => (await directory.membership(ctx.db, who)) ?? { role: null, version: 0 }

export const memberships = async (ctx: Pick<Base, 'db'>, who: { workspaceId: string; userIds: readonly string[] }) =>
  (await directory.memberships(ctx.db, who)) ?? { items: [], version: 0 }
