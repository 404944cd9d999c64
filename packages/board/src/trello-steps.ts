import type { TrelloBoard } from '@wealist/contract/board/trello'
import { newId } from '@wealist/kit/ids'
import { ranksBetween } from './ranks.ts'
import type { Report } from './trello-report.ts'
import { nameOf } from './trello-text.ts'

const most = 100

export interface StepRow {
  id: string
  taskId: string
  title: string
  isDone: boolean
  rank: string
}
type Checklist = TrelloBoard['checklists'][number]

/** The checklists of each card in their order; those of no card are reported. */
export const checklistsByCard = ({ checklists, cards }: TrelloBoard, report: Report) => {
  const byCard = new Map<string, Checklist[]>(cards.map((c) => [c.id, []]))
  for (const list of checklists.toSorted((a, b) => a.pos - b.pos)) {
    const found = byCard.get(list.idCard)
    const reason = 'its card is not in the export'
    if (found) found.push(list)
    else report.skipped({ kind: 'checklist item', name: list.name, reason, count: list.checkItems.length })
    if (!found) report.skipped({ kind: 'checklist', name: list.name, reason })
  }
  return byCard
}

/** A task has one list of steps: where a card has several, each step begins with the name of its own. */
export const stepsOf = ({ taskId, lists, report }: { taskId: string; lists: readonly Checklist[]; report: Report }) => {
  const notes: string[] = []
  const [first, second] = lists
  if (first && !second && first.name !== 'Checklist' && first.checkItems.length > 0)
    report.skipped({
      kind: 'checklist',
      name: first.name,
      reason: 'the only one of its card: a list of steps has no name',
    })
  for (const { name, checkItems } of lists)
    if (checkItems.length === 0) report.skipped({ kind: 'checklist', name, reason: 'there is nothing in it' })
  const all = lists.flatMap((list) => list.checkItems.toSorted((a, b) => a.pos - b.pos).map((item) => ({ list, item })))
  const ranks = ranksBetween(null, null, Math.min(all.length, most))
  const steps: StepRow[] = []
  for (const { list, item } of all) {
    if (steps.length >= most) {
      report.skipped({ kind: 'checklist item', name: item.name, reason: 'a task has 100 steps at most' })
      continue
    }
    const said = lists.length > 1 ? `${list.name}: ${item.name}` : item.name
    const { name: title, whole } = nameOf(said, { max: 500, otherwise: 'Untitled' })
    if (whole) {
      notes.push(whole)
      report.changed({ kind: 'checklist item', name: said, reason: 'cut to 500 characters; whole in the description' })
    }
    if (item.due || item.idMember)
      report.changed({
        kind: 'checklist item',
        name: said,
        reason: 'steps have no due date and no assignee of their own',
      })
    steps.push({ id: newId(), taskId, title, isDone: item.state === 'complete', rank: ranks[steps.length]! })
  }
  return { steps, notes }
}
