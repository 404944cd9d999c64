import type { TrelloBoard } from '@wealist/contract/board/trello'
import { tasksOf } from './trello-cards.ts'
import { commentsOf } from './trello-comments.ts'
import { fieldsOf } from './trello-fields.ts'
import { labelsOf } from './trello-labels.ts'
import { boardsOf } from './trello-lists.ts'
import { openReport } from './trello-report.ts'
import { checklistsByCard } from './trello-steps.ts'
import { cut, mend, nameOf } from './trello-text.ts'

/** An export as rows of ours, and what became of everything in it. */
export const map = (given: TrelloBoard, { importer, now }: { importer: string; now: Date }) => {
  const { value: board, replaced } = mend(given)
  const report = openReport()
  report.changed({
    kind: 'text',
    name: board.name,
    reason: 'characters that cannot be stored were replaced',
    count: replaced,
  })
  const { boards, places, made } = boardsOf(board, report)
  const { labels, byId } = labelsOf(board, report)
  const fields = fieldsOf(board, report)
  const members = new Map(board.members.map((m) => [m.id, m.fullName || m.username || 'somebody']))
  for (const [, name] of members) report.skipped({ kind: 'member', name, reason: 'people are invited, not imported' })
  const checklists = checklistsByCard(board, report)
  const cards = tasksOf(board, { places, labels: byId, fields, checklists, members }, report)
  const { comments, made: said } = commentsOf({ board, cards, members, importer, now }, report)
  const project = projectOf(board, report)
  const mapped = [...cards.values()]
  const tasks = mapped.map(({ task }) => task)
  const steps = mapped.flatMap((c) => c.steps)
  return {
    project,
    boards,
    labels,
    fields: [...fields.values()],
    tasks,
    steps,
    comments,
    report: report.end({
      boards: made,
      tasks: tasks.filter((t) => !t.archived).length,
      trashed: tasks.filter((t) => t.archived).length,
      labels: labels.length,
      fields: fields.size,
      fieldValues: tasks.reduce((n, t) => n + Object.keys(t.fields).length, 0),
      checklistItems: steps.length,
      comments: said,
      links: mapped.reduce((n, c) => n + c.links, 0),
    }),
  }
}
export type Mapped = ReturnType<typeof map>

const projectOf = (board: TrelloBoard, report: ReturnType<typeof openReport>) => {
  const { name, whole } = nameOf(board.name, { max: 100, otherwise: 'Trello board' })
  const description = [whole, board.desc].filter(Boolean).join('\n\n')
  if (whole) report.changed({ kind: 'board', name, reason: 'its name was cut; whole in the description' })
  if (description.length > 2000)
    report.skipped({
      kind: 'board',
      name,
      reason: 'its description is longer than 2,000 characters: the rest is left out',
    })
  const powerUps = board.powerUps + board.pluginData
  report.skipped({ kind: 'power-up', name, reason: 'power-ups are not taken over', count: powerUps })
  return { name, description: cut(description, 2000) }
}
