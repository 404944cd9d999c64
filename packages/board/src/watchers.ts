import { conflict, invalid, notFound } from '@wealist/kit/errors'
import { change, topicOf, whoSee } from './access.ts'
import type { Ctx } from './deps.ts'
import * as watchers from './watchers.sql.ts'

const most = 100

interface Watcher {
  id: string
  userId: string
}

/** Whoever sees a task may watch it; for others, a member says so. */
const leastFor = (ctx: Ctx, userId: string) => (userId === ctx.actor.id ? 'viewer' : 'member')

export const add = (ctx: Ctx, { id: taskId, userId }: Watcher) =>
  change(ctx, { via: 'task', id: taskId, least: leastFor(ctx, userId), people: [userId] }, async (tx, at) => {
    const task = await watchers.hold(tx, taskId)
    if (!task) throw notFound('This task')
    if (task.watcherIds.includes(userId)) return watchers.one(tx, taskId)
    if (userId !== ctx.actor.id && (await whoSee(tx, at, [userId])).length === 0)
      throw invalid([{ path: 'userId', message: 'is nobody who can see this project' }])
    if (task.watcherIds.length >= most) throw conflict(`${most} people watch a task at most.`)
    const watched = await watchers.add(tx, { taskId, userId })
    tx.emit(topicOf(at.projectId), 'task.updated', watched!, taskId)
    return watched
  })

export const remove = (ctx: Ctx, { id: taskId, userId }: Watcher) =>
  change(ctx, { via: 'task', id: taskId, least: leastFor(ctx, userId) }, async (tx, { projectId }) => {
    const task = await watchers.hold(tx, taskId)
    if (!task) throw notFound('This task')
    if (!task.watcherIds.includes(userId)) return watchers.one(tx, taskId)
    const watched = await watchers.remove(tx, { taskId, userId })
    tx.emit(topicOf(projectId), 'task.updated', watched!, taskId)
    return watched
  })
