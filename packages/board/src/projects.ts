import type { NewProject, ProjectChange } from '@wealist/contract/board/projects'
import { invalid, notFound, stale } from '@wealist/kit/errors'
import { newId } from '@wealist/kit/ids'
import type { PageRequest } from '@wealist/kit/page'
import { constraintOf } from '@wealist/kit/sql-errors'
import { change, runsOrphans, see, topicOf } from './access.ts'
import * as boards from './boards.sql.ts'
import type { Ctx } from './deps.ts'
import * as projects from './projects.sql.ts'
import { ranksBetween } from './ranks.ts'

const firstBoards = [
  { name: 'To do', color: '#8b949e' },
  { name: 'In progress', color: '#1f6feb' },
  { name: 'Done', color: '#2da44e' },
]

export const list = async (ctx: Ctx, workspaceId: string, page: PageRequest) => {
  const orphans = runsOrphans(await ctx.memberships.require(workspaceId, ctx.actor.id))
  return projects.list(ctx.db, { workspaceId, userId: ctx.actor.id, orphans, page })
}

export const create = async (ctx: Ctx, input: NewProject) => {
  // Who had just left and made one from what is remembered of them would own what they cannot see.
  await ctx.memberships.require(input.workspaceId, ctx.actor.id, { fresh: true })
  const id = newId()
  const ranks = ranksBetween(null, null, firstBoards.length)
  return ctx.tx(async (tx) => {
    await projects.insert(tx, { ...input, id, createdBy: ctx.actor.id })
    await boards.insertAll(tx, {
      projectId: id,
      boards: firstBoards.map((b, i) => ({ ...b, id: newId(), rank: ranks[i]! })),
    })
    return (await projects.detail(tx, { id, userId: ctx.actor.id })).item
  })
}

export const get = async (ctx: Ctx, id: string) => {
  const { scope, item } = await projects.detail(ctx.db, { id, userId: ctx.actor.id })
  const role = await see(ctx, scope, 'project')
  if (role === (scope!.role ?? 'viewer')) return item
  // Nobody owns it, and the asker acts as its owner.
  return (await projects.detail(ctx.db, { id, userId: ctx.actor.id, as: role })).item
}

export const update = (ctx: Ctx, id: string, input: ProjectChange) =>
  change(ctx, { via: 'project', id, least: 'admin' }, async (tx) => {
    const project = await projects
      .update(tx, { id, change: input, version: ctx.request.ifMatch })
      .catch((error: unknown) => {
        if (constraintOf(error) === 'projects_check')
          throw invalid([{ path: 'dueDate', message: 'is not before startDate' }])
        throw error
      })
    if (!project) throw ctx.request.ifMatch === undefined ? notFound('This project') : stale()
    tx.emit(topicOf(id), 'project.updated', project)
    return project
  })

export const remove = (ctx: Ctx, id: string) =>
  change(ctx, { via: 'project', id, least: 'owner', alone: true }, async (tx) => {
    if ((await projects.remove(tx, [id])).length === 0) throw notFound('This project')
    tx.emit(topicOf(id), 'project.deleted', { id })
    return undefined
  })
