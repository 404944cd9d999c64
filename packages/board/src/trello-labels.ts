import type { TrelloBoard } from '@wealist/contract/board/trello'
import { newId } from '@wealist/kit/ids'
import { colorOf, grey } from './trello-colors.ts'
import type { Report } from './trello-report.ts'
import { nameOf, unique } from './trello-text.ts'

const most = 100

export interface LabelRow {
  id: string
  name: string
  color: string
}

/** Labels by Trello's id. One without a name is called by its colour; those of one name become one. */
export const labelsOf = ({ labels }: TrelloBoard, report: Report) => {
  const byName = new Map<string, LabelRow>()
  const byId = new Map<string, LabelRow>()
  const taken = new Set<string>()
  for (const label of labels) {
    const colour = label.color.replace('_', ' ')
    const called = label.name.trim() || colour.charAt(0).toUpperCase() + colour.slice(1)
    const same = byName.get(called.toLowerCase())
    if (same) {
      byId.set(label.id, same)
      report.skipped({ kind: 'label', name: called, reason: 'another label has its name: they are one now' })
      continue
    }
    if (byName.size >= most) {
      report.skipped({ kind: 'label', name: called, reason: 'a project has 100 labels at most' })
      continue
    }
    const { name, whole } = nameOf(called, { max: 50, otherwise: 'Label' })
    const row = { id: newId(), name: unique(name, taken, 50), color: colorOf(label.color) ?? grey }
    if (whole) report.changed({ kind: 'label', name: whole, reason: 'its name was cut to 50 characters of one line' })
    else if (row.name !== name)
      report.changed({ kind: 'label', name, reason: 'another label is spelt like it: it has a number now' })
    if (colorOf(label.color) === undefined)
      report.changed({ kind: 'label', name: called, reason: 'its colour is not known: it is grey now' })
    byName.set(called.toLowerCase(), row)
    byId.set(label.id, row)
  }
  return { labels: [...byName.values()], byId }
}

/** The labels of a card, each once, at most 50. */
export const labelIdsOf = (
  card: TrelloBoard['cards'][number],
  byId: ReadonlyMap<string, LabelRow>,
  report: Report,
): string[] => {
  const ids = new Set<string>()
  for (const ref of card.idLabels) {
    const label = byId.get(ref)
    if (label && (ids.size < 50 || ids.has(label.id))) ids.add(label.id)
    else
      report.skipped({
        kind: 'card label',
        name: card.name,
        reason: label ? 'a task has 50 labels at most' : 'the label is not in the export, or was not kept',
      })
  }
  return [...ids]
}
