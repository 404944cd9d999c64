import type { GrantedProjectRole } from '@wealist/contract/board/members'
import { alreadyExists, conflict, forbidden, invalid, notFound } from '@wealist/kit/errors'
import type { PageRequest } from '@wealist/kit/page'
import type * as z from 'zod'
import { change, see, topicOf } from './access.ts'
import type { Ctx } from './deps.ts'
import * as members from './members.sql.ts'
import * as notices from './notices.ts'

type Granted = z.output<typeof GrantedProjectRole>

export const list = async (ctx: Ctx, projectId: string, page: PageRequest) => {
  const { scope, page: answer } = await members.list(ctx.db, { projectId, userId: ctx.actor.id, page })
  await see(ctx, scope, 'project')
  return answer
}

export const add = (ctx: Ctx, projectId: string, { userId, role }: { userId: string; role: Granted }) =>
  change(ctx, { via: 'project', id: projectId, least: 'admin', people: [userId] }, async (tx, { inWorkspace }) => {
    if (!inWorkspace(userId)) throw invalid([{ path: 'userId', message: 'is nobody of this workspace' }])
    const member = await members.insert(tx, { projectId, userId, role })
    if (!member) throw alreadyExists('This person is in the project already.')
    tx.emit(topicOf(projectId), 'member.added', member)
    notices.invited(tx, ctx.actor, { projectId, userId, role })
    return member
  })

export const update = (ctx: Ctx, { projectId, userId, role }: { projectId: string; userId: string; role: Granted }) =>
  change(ctx, { via: 'project', id: projectId, least: 'admin' }, async (tx) => {
    const there = await members.lock(tx, { projectId, userId })
    if (!there) throw notFound('This member')
    if (there.role === 'owner') throw conflict('The owner keeps their role.')
    const member = await members.setRole(tx, { projectId, userId, role })
    tx.emit(topicOf(projectId), 'member.updated', member!)
    return member
  })

/** Admins remove others; anybody leaves by themselves. */
export const remove = (ctx: Ctx, { projectId, userId }: { projectId: string; userId: string }) =>
  change(
    ctx,
    { via: 'project', id: projectId, least: userId === ctx.actor.id ? 'viewer' : 'admin' },
    async (tx, { visibility }) => {
      const there = await members.lock(tx, { projectId, userId })
      if (!there) throw notFound('This member')
      if (there.role === 'owner') throw forbidden('The owner stays with the project.')
      await members.remove(tx, { projectId, userId })
      tx.emit(topicOf(projectId), 'member.removed', { projectId, userId, stillViewer: visibility === 'workspace' })
      return undefined
    },
  )
