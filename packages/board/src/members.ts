import type { GrantedProjectRole } from '@wealist/contract/board/members'
import { alreadyExists, conflict, forbidden, invalid, notFound } from '@wealist/kit/errors'
import type { PageRequest } from '@wealist/kit/page'
import type * as z from 'zod'
import { change, see, topicOf } from './access.ts'
import type { Ctx } from './deps.ts'
import * as requests from './join-requests.sql.ts'
import * as members from './members.sql.ts'
import * as notices from './notices.ts'
import * as projects from './projects.sql.ts'

type Granted = z.output<typeof GrantedProjectRole>

export const list = async (ctx: Ctx, projectId: string, page: PageRequest) => {
  const { scope, page: answer } = await members.list(ctx.db, { projectId, userId: ctx.actor.id, page })
  await see(ctx, scope, 'project')
  return answer
}

export const add = (ctx: Ctx, projectId: string, { userId, role }: { userId: string; role: Granted }) =>
  change(ctx, { via: 'project', id: projectId, least: 'admin', people: [userId], fresh: true }, async (tx, at) => {
    if (!at.inWorkspace(userId)) throw invalid([{ path: 'userId', message: 'is nobody of this workspace' }])
    await requests.settle(tx, { projectId, userId, by: ctx.actor.id })
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
    userId === ctx.actor.id
      ? { via: 'project', id: projectId, least: 'viewer', alone: true }
      : { via: 'project', id: projectId, least: 'admin' },
    async (tx, { visibility }) => {
      const there = await members.lock(tx, { projectId, userId })
      if (!there) throw notFound('This member')
      if (there.role === 'owner') throw forbidden('The owner stays with the project.')
      await members.remove(tx, { projectId, userId })
      tx.emit(topicOf(projectId), 'member.removed', { projectId, userId, stillViewer: visibility === 'workspace' })
      return undefined
    },
  )

/** The old owner steps down first: a project has one. Who takes over one that nobody owns need not have been a member. */
export const transfer = (ctx: Ctx, projectId: string, userId: string) => {
  const actor = ctx.actor.id
  const right = { via: 'project', id: projectId, least: 'owner', people: [userId], fresh: true, alone: true } as const
  return change(ctx, right, async (tx, { inWorkspace }) => {
    if (!inWorkspace(userId)) throw invalid([{ path: 'userId', message: 'is nobody of this workspace' }])
    const there = await members.lock(tx, { projectId, userId })
    // Of several who take over, the second sees the first.
    if (!(await projects.lock(tx, projectId))) throw notFound('This project')
    const owner = await members.owner(tx, projectId)
    if (owner === userId) throw conflict('This person owns the project already.')
    if (owner && owner !== actor) throw forbidden('This needs the project role owner.')
    if (!there && (owner || userId !== actor))
      throw invalid([{ path: 'userId', message: 'is no member of this project' }])
    if (owner)
      tx.emit(
        topicOf(projectId),
        'member.updated',
        (await members.setRole(tx, { projectId, userId: owner, role: 'admin' }))!,
      )
    if (!there) await requests.settle(tx, { projectId, userId, by: actor })
    const to = { projectId, userId, role: 'owner' } as const
    const member = there ? await members.setRole(tx, to) : await members.insert(tx, to)
    if (!member) throw conflict('This person was added at the same moment.')
    tx.emit(topicOf(projectId), there ? 'member.updated' : 'member.added', member)
    return member
  })
}
