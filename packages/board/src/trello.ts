import type { ImportedProject, NewImport } from '@wealist/contract/board/trello'
import { newId } from '@wealist/kit/ids'
import { Json } from '@wealist/kit/json'
import * as boards from './boards.sql.ts'
import type { Ctx } from './deps.ts'
import * as projects from './projects.sql.ts'
import { map } from './trello-map.ts'
import * as trello from './trello.sql.ts'

/** A new project of all that an export has. Like any new project it begins without events: its state is the base. */
export const create = async (ctx: Ctx, { workspaceId, visibility, trello: board }: NewImport) => {
  await ctx.memberships.require(workspaceId, ctx.actor.id, { fresh: true })
  const mapped = map(board, { importer: ctx.actor.name, now: new Date() })
  const into = { projectId: newId(), userId: ctx.actor.id }
  const project = { ...mapped.project, id: into.projectId, createdBy: into.userId, workspaceId, visibility }
  return ctx.tx(async (tx) => {
    await projects.insert(tx, { ...project, startDate: null, dueDate: null })
    // Sent in one go, run one after another.
    await Promise.all([
      boards.insertAll(tx, { projectId: into.projectId, boards: mapped.boards }),
      trello.labels(tx, into, mapped.labels),
      trello.fields(tx, into, mapped.fields),
      trello.tasks(tx, into, mapped),
      trello.steps(tx, into, mapped.steps),
      trello.comments(tx, into, mapped.comments),
    ])
    const { item } = await projects.detail(tx, { id: into.projectId, userId: into.userId })
    return new Json<ImportedProject>(`{"project":${item!.text},"report":${JSON.stringify(mapped.report)}}`)
  })
}
