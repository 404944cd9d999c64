import type { TrelloBoard } from '@wealist/contract/board/trello'
import { newId } from '@wealist/kit/ids'
import type { MappedCard } from './trello-cards.ts'
import type { Report } from './trello-report.ts'
import { nameOf, pieces } from './trello-text.ts'

export interface CommentRow {
  id: string
  taskId: string
  authorName: string
  content: string
  createdAt: string
}
interface Asked {
  board: TrelloBoard
  cards: ReadonlyMap<string, MappedCard>
  members: ReadonlyMap<string, string>
  importer: string
  now: Date
}
const most = 10_000
const spoken = new Set(['commentCard', 'copyCommentCard'])

/** What people said, oldest first, and what descriptions have no room for; `made` counts Trello's comments. */
export const commentsOf = ({ board, cards, members, importer, now }: Asked, report: Report) => {
  const comments: CommentRow[] = []
  const found = new Map<string, number>()
  let made = 0
  for (const action of board.actions.toSorted((a, b) => Date.parse(a.date) - Date.parse(b.date))) {
    if (!spoken.has(action.type)) {
      report.skipped({ kind: 'activity', name: action.type, reason: 'the history of a board is not taken over' })
      continue
    }
    const { text, card } = action.data
    const ref = card?.id ?? ''
    const to = cards.get(ref)
    found.set(ref, (found.get(ref) ?? 0) + 1)
    if (!to || text === '') {
      const reason = to ? 'there is no text in it' : 'its card is not in the export'
      report.skipped({ kind: 'comment', name: text || (card?.name ?? ''), reason })
      continue
    }
    const { fullName, username } = action.memberCreator ?? {}
    const author = fullName || members.get(action.idMemberCreator ?? '') || username || ''
    const { name: authorName } = nameOf(author, { max: 100, otherwise: 'Somebody' })
    const createdAt = new Date(action.date).toISOString()
    const parts = pieces(text, most)
    if (parts.length > 1)
      report.changed({ kind: 'comment', name: text, reason: 'longer than 10,000 characters: it is several now' })
    for (const content of parts) comments.push({ id: newId(), taskId: to.task.id, authorName, content, createdAt })
    made++
  }
  for (const { id, name, badges } of board.cards) {
    const missing = badges.comments - (found.get(id) ?? 0)
    const reason = 'it is not in the export: Trello writes the last 1,000 actions only'
    if (missing > 0) report.skipped({ kind: 'comment', name, reason, count: missing })
  }
  const { name: authorName } = nameOf(importer, { max: 100, otherwise: 'Somebody' })
  for (const { task, rest } of cards.values())
    for (const content of rest)
      comments.push({ id: newId(), taskId: task.id, authorName, content, createdAt: now.toISOString() })
  return { comments, made }
}
