import { internal as noti } from '@wealist/contract/noti'
import { id } from '@wealist/contract/fields'
import { WorkspaceRole } from '@wealist/contract/user/workspaces'
import { job, type JobCtx } from '@wealist/kit/jobs'
import * as z from 'zod'
import type { Deps } from './deps.ts'
import * as notices from './notices.sql.ts'

type Ctx = JobCtx<Deps>

/** Somebody got a role: another one than before, or their first by being added. `version` names the change. */
const RoleGiven = z.strictObject({
  workspaceId: id,
  userId: id,
  actorId: id,
  role: WorkspaceRole,
  version: z.int(),
  added: z.boolean(),
})
export type RoleGiven = z.infer<typeof RoleGiven>

const tellInvited = async (ctx: Ctx, { invitationId }: { invitationId: string }) => {
  const found = await notices.invited(ctx.db, invitationId)
  if (!found) return
  const { recipient, actorId, workspaceId, ...data } = found
  await ctx.job.lease()
  const item = { eventId: `invitation:${invitationId}`, source: 'user', type: 'workspace_invited' } as const
  await ctx.call('noti', noti.create, {
    body: { items: [{ ...item, recipients: [recipient], actorId, workspaceId, data: { ...data, invitationId } }] },
  })
}

const tellRole = async (ctx: Ctx, { workspaceId, userId, actorId, role, version, added }: RoleGiven) => {
  const names = await notices.changed(ctx.db, { workspaceId, userId, actorId })
  if (!names) return
  await ctx.job.lease()
  const eventId = `member:${workspaceId}:${userId}:${version}`
  const item = { eventId, source: 'user' as const, recipients: [userId], actorId, workspaceId }
  await ctx.call('noti', noti.create, {
    body: {
      items: [
        added && role !== 'owner'
          ? { ...item, type: 'workspace_invited', data: { ...names, role } }
          : { ...item, type: 'workspace_role_changed', data: { ...names, role } },
      ],
    },
  })
}

/** What noti is told, each by a job of the transaction in which it happened: at least once, and noti tells people once. */
export const jobs = [
  job('noti.invited', z.strictObject({ invitationId: id }), tellInvited),
  job('noti.role', RoleGiven, tellRole),
  job('noti.workspace-deleted', z.strictObject({ workspaceId: id }), async (ctx: Ctx, { workspaceId }) => {
    await ctx.call('noti', noti.workspaceDeleted, { params: { id: workspaceId } })
  }),
  job('noti.person-deleted', z.strictObject({ userId: id }), async (ctx: Ctx, { userId }) => {
    await ctx.call('noti', noti.personDeleted, { params: { id: userId } })
  }),
]
