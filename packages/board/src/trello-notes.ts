import type { TrelloBoard } from '@wealist/contract/board/trello'
import type { Report } from './trello-report.ts'
import { linkOf } from './trello-text.ts'

type Card = TrelloBoard['cards'][number]

/** What a card has that a task has no place for: lines for its description, or the report. */
export const notesOf = (card: Card, members: ReadonlyMap<string, string>, report: Report): string[] => {
  const { name } = card
  const skip = (kind: 'cover' | 'sticker' | 'vote' | 'reminder' | 'power-up', count: number, reason: string) =>
    report.skipped({ kind, name, reason, count })
  const { color, idAttachment, idUploadedBackground } = card.cover ?? {}
  skip('cover', color || idAttachment || idUploadedBackground ? 1 : 0, 'tasks have no cover')
  skip('sticker', card.stickers, 'tasks have no stickers')
  skip('vote', Math.max(card.badges.votes, card.idMembersVoted.length), 'tasks have no votes')
  skip('reminder', (card.dueReminder ?? -1) >= 0 ? 1 : 0, 'tasks have no reminders of their own')
  skip('power-up', card.pluginData, 'data of power-ups is not read')
  const notes: string[] = []
  const note = (kind: 'assignee' | 'start date' | 'location' | 'card', text: string, reason: string, count = 1) => {
    notes.push(text)
    report.changed({ kind, name: `${name}: ${text}`, reason, count })
  }
  const inside = 'is written in the description'
  if (card.start) note('start date', `Start: ${card.start}`, inside)
  if (card.locationName) note('location', `Location: ${card.locationName}`, inside)
  if (card.isTemplate) note('card', 'A template in Trello', 'was a template: it is a task now')
  if (card.idMembers.length > 0) {
    const names = card.idMembers.map((id) => members.get(id) ?? 'somebody')
    note(
      'assignee',
      `Assigned in Trello: ${names.join(', ')}`,
      'is nobody known here: named in the description',
      names.length,
    )
  }
  return notes
}

/** Attachments as a list of links; only what leads to the web. */
export const linksOf = ({ name: card, attachments }: Card, report: Report): string[] => {
  const links: string[] = []
  for (const { name, url } of attachments) {
    const link = linkOf(name, url)
    const said = { kind: 'attachment' as const, name: `${card}: ${name}` }
    if (link) links.push(link)
    if (link) report.changed({ ...said, reason: 'kept as a link in the description; the file stays where it is' })
    else report.skipped({ ...said, reason: 'its address is no http or https' })
  }
  return links
}
