import type { TrelloBoard } from '@wealist/contract/board/trello'
import { newId } from '@wealist/kit/ids'
import type { NewRow } from './boards.sql.ts'
import { ranksBetween } from './ranks.ts'
import { colorOf, grey } from './trello-colors.ts'
import type { Report } from './trello-report.ts'
import { nameOf } from './trello-text.ts'

const most = 100

/** Where the cards of a list go: a board, or the trash of one. */
export interface Place {
  boardId: string
  archived: boolean
}

/** Open lists become boards in their order, at most 100; archived ones send their cards to the trash. */
export const boardsOf = ({ lists, cards }: TrelloBoard, report: Report) => {
  const open = lists.filter((l) => !l.closed).toSorted((a, b) => a.pos - b.pos)
  const kept = open.slice(0, most)
  const ranks = ranksBetween(null, null, Math.max(kept.length, 1))
  const boards: NewRow[] = kept.map((l, i) => {
    const { name, whole } = nameOf(l.name, { max: 100, otherwise: 'Untitled' })
    if (whole) report.changed({ kind: 'list', name: whole, reason: 'its name was cut to 100 characters of one line' })
    return { id: newId(), name, color: colorOf(l.color) ?? grey, rank: ranks[i]! }
  })
  if (boards.length === 0) boards.push({ id: newId(), name: 'To do', color: grey, rank: ranks[0]! })
  const places = new Map<string, Place>()
  for (const [i, list] of open.entries()) {
    places.set(list.id, { boardId: (boards[i] ?? boards.at(-1)!).id, archived: false })
    if (i >= most)
      report.skipped({
        kind: 'list',
        name: list.name,
        reason: 'a project has 100 boards: its cards are on the last one',
      })
  }
  const full = new Set(cards.map((c) => c.idList))
  for (const list of lists.filter((l) => l.closed)) {
    places.set(list.id, { boardId: boards[0]!.id, archived: true })
    const reason = full.has(list.id) ? 'archived: its cards are in the trash for 30 days' : 'archived, and empty'
    report.skipped({ kind: 'list', name: list.name, reason })
  }
  return { boards, places, made: kept.length }
}
