import type { Task } from '@wealist/contract/board/tasks'
import type { TrelloBoard } from '@wealist/contract/board/trello'
import { newId } from '@wealist/kit/ids'
import { ranksBetween } from './ranks.ts'
import type { MappedField } from './trello-fields.ts'
import type { LabelRow } from './trello-labels.ts'
import { labelIdsOf } from './trello-labels.ts'
import type { Place } from './trello-lists.ts'
import { linksOf, notesOf } from './trello-notes.ts'
import type { Report } from './trello-report.ts'
import { type StepRow, stepsOf } from './trello-steps.ts'
import { nameOf, pieces } from './trello-text.ts'
import { valuesOf } from './trello-values.ts'

export interface TaskRow extends Pick<
  Task,
  'id' | 'boardId' | 'title' | 'description' | 'status' | 'dueDate' | 'fields'
> {
  labelIds: string[]
  rank: string
  archived: boolean
}
export interface MappedCard {
  task: TaskRow
  steps: StepRow[]
  /** What its description has no room for. */
  rest: string[]
  links: number
}
export interface Parts {
  places: ReadonlyMap<string, Place>
  labels: ReadonlyMap<string, LabelRow>
  fields: ReadonlyMap<string, MappedField>
  checklists: ReadonlyMap<string, TrelloBoard['checklists']>
  members: ReadonlyMap<string, string>
}
type Card = TrelloBoard['cards'][number]

/** Every card as a task, by Trello's id: in the order of its list, or in the trash. */
export const tasksOf = ({ cards, lists }: TrelloBoard, parts: Parts, report: Report) => {
  const order = new Map(lists.toSorted((a, b) => a.pos - b.pos).map((l, i) => [l.id, i]))
  const sorted = cards.toSorted((a, b) => order.get(a.idList)! - order.get(b.idList)! || a.pos - b.pos)
  const mapped = new Map(sorted.map((card) => [card.id, taskOf(card, parts, report)]))
  const open = Map.groupBy(
    [...mapped.values()].filter(({ task }) => !task.archived),
    ({ task }) => task.boardId,
  )
  for (const tasks of open.values()) {
    const ranks = ranksBetween(null, null, tasks.length)
    for (const [i, { task }] of tasks.entries()) task.rank = ranks[i]!
  }
  return mapped
}

const taskOf = (card: Card, parts: Parts, report: Report): MappedCard => {
  const id = newId()
  const place = parts.places.get(card.idList)!
  const archived = card.closed || place.archived
  if (archived) report.changed({ kind: 'card', name: card.name, reason: 'archived: it is in the trash for 30 days' })
  const { name: title, whole } = nameOf(card.name, { max: 200, otherwise: 'Untitled' })
  if (whole) report.changed({ kind: 'card', name: whole, reason: 'its title was cut; whole in the description' })
  const { values, notes } = valuesOf(card, parts.fields, report)
  const { steps, notes: long } = stepsOf({ taskId: id, lists: parts.checklists.get(card.id) ?? [], report })
  const links = linksOf(card, report)
  const [description = '', ...rest] = described([
    whole ?? '',
    card.desc,
    ...notesOf(card, parts.members, report),
    ...notes,
    ...long,
    links.map((link) => `- ${link}`).join('\n'),
  ])
  if (rest.length > 0)
    report.changed({ kind: 'card', name: title, reason: 'longer than 20,000 characters: the rest is in comments' })
  return {
    task: {
      id,
      boardId: place.boardId,
      title,
      description,
      status: card.dueComplete ? 'done' : 'todo',
      dueDate: card.due ? new Date(card.due).toISOString() : null,
      labelIds: labelIdsOf(card, parts.labels, report),
      fields: values,
      rank: 'a0',
      archived,
    },
    steps,
    rest,
    links: links.length,
  }
}

const described = (parts: string[]) => {
  const [head = '', ...more] = pieces(parts.filter((p) => p !== '').join('\n\n'), 20_000)
  return [head, ...pieces(more.join(''), 10_000)]
}
