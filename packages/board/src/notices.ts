import { id, text, time } from '@wealist/contract/fields'
import { GrantedProjectRole } from '@wealist/contract/board/members'
import type { Task, TaskChange } from '@wealist/contract/board/tasks'
import { internal as noti } from '@wealist/contract/noti'
import type { Item } from '@wealist/contract/noti/internal'
import type { Person } from '@wealist/kit/actor'
import { job, type JobCtx } from '@wealist/kit/jobs'
import type { Tx } from '@wealist/kit/tx'
import * as z from 'zod'
import type { Deps } from './deps.ts'
import * as notices from './notices.sql.ts'
import { eventOf, excerptOf, tellEdited } from './notices.words.ts'

type Ctx = JobCtx<Deps>
type Actor = Pick<Person, 'id' | 'name'>

/** The name is the one in the token: board has no other. */
const by = { actorId: id, actorName: text(200, 1) }
const byActor = (actor: Actor) => ({ actorId: actor.id, actorName: actor.name })

const TaskNews = z.strictObject({
  ...by,
  taskId: id,
  version: z.int(),
  /** Who got it, if anybody did. */
  assigneeId: id.nullable(),
  completed: z.boolean(),
})
const CommentNews = z.strictObject({
  ...by,
  commentId: id,
  /** Only these of its mentions are told. */
  only: z.array(id).optional(),
})
const Invited = z.strictObject({ ...by, projectId: id, userId: id, role: GrantedProjectRole })
const Due = z.strictObject({ taskId: id, dueDate: time })

/** A task was made or changed: tells who got it, and those who follow it when it is done. `before` is nothing for a new one. */
export const taskChanged = (
  tx: Tx,
  actor: Actor,
  change: {
    taskId: string
    version: number
    before?: Pick<Task, 'status' | 'assigneeId'>
    after: Pick<TaskChange, 'status' | 'assigneeId'>
  },
) => {
  const { taskId, version, before, after } = change
  const got = after.assigneeId && after.assigneeId !== before?.assigneeId && after.assigneeId !== actor.id
  const completed = before !== undefined && after.status === 'done' && before.status !== 'done'
  if (!got && !completed) return
  const assigneeId = got ? after.assigneeId! : null
  tx.addJob('noti.task', { ...byActor(actor), taskId, version, assigneeId, completed } satisfies z.input<
    typeof TaskNews
  >)
}

/** A comment was written: tells whom it mentions, and those who follow its task or thread. */
export const commented = (tx: Tx, actor: Actor, { commentId }: { commentId: string }) =>
  tx.addJob('noti.comment', { ...byActor(actor), commentId } satisfies z.input<typeof CommentNews>)

/** A comment was changed and mentions more people: tells them, but those who have heard of the comment. */
export const mentioned = (
  tx: Tx,
  actor: Actor,
  { commentId, userIds }: { commentId: string; userIds: readonly string[] },
) => {
  if (userIds.length === 0) return
  const only = [...userIds]
  tx.addJob('noti.comment', { ...byActor(actor), commentId, only } satisfies z.input<typeof CommentNews>)
}

/** Somebody was made a member of a project. */
export const invited = (
  tx: Tx,
  actor: Actor,
  { projectId, userId, role }: { projectId: string; userId: string; role: z.output<typeof GrantedProjectRole> },
) => tx.addJob('noti.invited', { ...byActor(actor), projectId, userId, role } satisfies z.input<typeof Invited>)

/** A task is due then, within a day. */
export const dueSoon = (tx: Tx, { taskId, dueDate }: { taskId: string; dueDate: Date }) =>
  tx.addJob('noti.due', { taskId, dueDate: dueDate.toISOString() } satisfies z.input<typeof Due>)

const tellTask = async (ctx: Ctx, { taskId, version, assigneeId, completed, ...who }: z.output<typeof TaskNews>) => {
  const found = await notices.task(ctx.db, { taskId, assigneeId })
  if (!found) return
  const data = { actorName: who.actorName, ...found.task }
  await tell(ctx, { ...found, ...who }, [
    { eventId: `task:${taskId}:assigned:${version}`, people: found.assigned, what: { type: 'task_assigned', data } },
    ...(completed
      ? [
          {
            eventId: `task:${taskId}:completed:${version}`,
            people: found.followers,
            what: { type: 'task_completed' as const, data },
          },
        ]
      : []),
  ])
}

// One event, whenever somebody is mentioned in it: who was told of the comment is not told again. Whom an edit mentions is
// not told the words of the edit before it, which noti may still lay over.
const tellComment = async (ctx: Ctx, { commentId, only, ...who }: z.output<typeof CommentNews>) => {
  const found = await notices.comment(ctx.db, commentId)
  if (!found) return
  if (only) await tellEdited(ctx, { commentId })
  const data = { actorName: who.actorName, ...found.task, commentId, excerpt: excerptOf(found.beginning) }
  const eventId = eventOf(commentId)
  const mentioned = only ? found.mentioned.filter((id) => only.includes(id)) : found.mentioned
  await tell(ctx, { ...found, ...who }, [
    { eventId, people: mentioned, what: { type: 'mention', data } },
    { eventId, people: only ? [] : found.followers, what: { type: 'comment_added', data } },
  ])
}

const tellInvited = async (ctx: Ctx, { projectId, userId, role, ...who }: z.output<typeof Invited>) => {
  const found = await notices.invited(ctx.db, { projectId, userId })
  if (!found) return
  const data = { actorName: who.actorName, ...found.project, role }
  const eventId = `project:${projectId}:member:${userId}:${found.joinedAt.getTime()}`
  await tell(ctx, { ...found, ...who }, [{ eventId, people: [userId], what: { type: 'project_invited', data } }])
}

const tellDue = async (ctx: Ctx, { taskId, dueDate }: z.output<typeof Due>) => {
  const found = await notices.due(ctx.db, { taskId, dueDate })
  if (!found) return
  const what = { type: 'task_due_soon' as const, data: { ...found.task, dueDate } }
  await tell(ctx, { ...found, actorId: null }, [
    { eventId: `task:${taskId}:due:${dueDate}`, people: found.people, what },
  ])
}

interface News {
  eventId: string
  people: readonly string[]
  what: Pick<Item, 'type' | 'data'>
}

const mostRecipients = 100
const mostItems = 10

/** Tells people who are in the workspace, but the actor; who is named by several hears the first. */
const tell = async (
  ctx: Ctx,
  { workspaceId, actorId }: { workspaceId: string; actorId: string | null },
  news: readonly News[],
) => {
  const everybody = [...new Set(news.flatMap((n) => n.people))].filter((id) => id !== actorId)
  const inWorkspace = await ctx.memberships.among(workspaceId, everybody)
  const rest = new Set(everybody.filter((id) => inWorkspace.get(id)?.role))
  const items = news.flatMap(({ eventId, people, what }) => {
    const hearing = people.filter((id) => rest.delete(id))
    const head = { eventId, source: 'board', actorId, workspaceId, ...what }
    return chunks(hearing, mostRecipients).map((recipients) => ({ ...head, recipients }) as Item)
  })
  for (const some of chunks(items, mostItems)) {
    await ctx.job.lease()
    await ctx.call('noti', noti.create, { body: { items: some } })
  }
}

const chunks = <T>(all: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size))

/** What noti is told, each by a job of the transaction in which it happened: at least once, and noti tells people once. */
export const jobs = [
  job('noti.task', TaskNews, tellTask),
  job('noti.comment', CommentNews, tellComment),
  job('noti.invited', Invited, tellInvited),
  job('noti.due', Due, tellDue),
]
