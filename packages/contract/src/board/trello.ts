import * as z from 'zod'
import { id } from '../fields.ts'
import { route } from '../route.ts'
import { ProjectDetail, Visibility } from './projects.ts'

/** Most that one import takes: 5 MB (Lambda takes 6) and 10,000 cards. */
export const most = { bytes: 5 * 1024 * 1024, cards: 10_000, skipped: 200 }

// An export has hundreds of fields that say nothing about the work (limits, preferences, addresses): objects are loose,
// and what is read of them is bounded. Strings may hold what PostgreSQL cannot store; that is mended and reported.
const given = <T extends z.ZodType>(type: T, absent: z.output<T>) => type.nullish().transform((v) => v ?? absent)
const ref = z.string().regex(/^[!-~]{1,64}$/, 'must be an id of 1 to 64 characters')
const line = given(z.string().max(16_384), '')
const words = given(z.string().max(100_000), '')
const yes = given(z.boolean(), false)
const pos = given(z.number(), 0)
const color = given(z.string().max(64), '')
const amount = given(z.int().min(0).max(100_000), 0)
// Only how many there are.
const counted = given(
  z
    .array(z.unknown())
    .max(10_000)
    .transform((all) => all.length),
  0,
)
const moment = z.iso.datetime({ offset: true }).refine((s) => {
  const at = Date.parse(s)
  return at >= Date.UTC(1900, 0, 1) && at < Date.UTC(3000, 0, 1)
}, 'must be a date between 1900 and 2999')

const apart = (many: readonly { id: string }[], ctx: z.RefinementCtx) => {
  const seen = new Set<string>()
  for (const [i, { id }] of many.entries())
    if (seen.has(id)) ctx.addIssue({ code: 'custom', path: [i, 'id'], message: 'is the id of another one too' })
    else seen.add(id)
}
const rows = <T extends z.ZodType<{ id: string }>>(row: T, max: number, message?: string) =>
  z.array(row).max(max, message).superRefine(apart)

const List = z.object({ id: ref, name: line, closed: yes, pos, color })
const Label = z.object({ id: ref, name: line, color })
const CheckItem = z.object({
  name: line,
  state: given(z.enum(['complete', 'incomplete']), 'incomplete'),
  pos,
  due: z.string().max(64).nullish(),
  idMember: ref.nullish(),
})
const Checklist = z.object({
  id: ref,
  idCard: ref,
  name: line,
  pos,
  checkItems: given(z.array(CheckItem).max(5000), []),
})
const Option = z.object({ id: ref, value: given(z.object({ text: line }), { text: '' }), color, pos })
const CustomField = z.object({
  id: ref,
  name: line,
  type: z.string().max(32),
  pos,
  options: given(rows(Option, 1000), []),
})
const FieldItem = z.object({
  idCustomField: ref,
  idValue: ref.nullish(),
  value: z
    .object({
      text: z.string().max(100_000).optional(),
      number: z.string().max(400).optional(),
      date: z.string().max(64).optional(),
      checked: z.string().max(8).optional(),
    })
    .nullish(),
})
const Attachment = z.object({ name: line, url: line })
const Cover = z.object({
  color: z.string().max(64).nullish(),
  idAttachment: ref.nullish(),
  idUploadedBackground: ref.nullish(),
})
const Card = z.object({
  id: ref,
  idList: ref,
  name: line,
  desc: words,
  closed: yes,
  pos,
  due: moment.nullish(),
  dueComplete: yes,
  dueReminder: z.number().nullish(),
  start: z.string().max(64).nullish(),
  idLabels: given(z.array(ref).max(1000), []),
  idMembers: given(z.array(ref).max(1000), []),
  idMembersVoted: given(z.array(ref).max(10_000), []),
  attachments: given(z.array(Attachment).max(1000), []),
  customFieldItems: given(z.array(FieldItem).max(1000), []),
  cover: Cover.nullish(),
  stickers: counted,
  pluginData: counted,
  isTemplate: yes,
  locationName: z.string().max(16_384).nullish(),
  badges: given(z.object({ comments: amount, votes: amount }), { comments: 0, votes: 0 }),
})
const Member = z.object({ id: ref, fullName: line, username: line })
const Action = z.object({
  id: ref,
  type: z.string().max(64),
  date: moment,
  idMemberCreator: ref.nullish(),
  memberCreator: Member.partial().nullish(),
  data: given(z.object({ text: words, card: z.object({ id: ref.nullish(), name: line }).nullish() }), {
    text: '',
    card: null,
  }),
})

/** A Trello board as its menu exports it (Share, print and export: JSON), as far as it is read. */
export const TrelloBoard = z
  .object({
    name: line,
    desc: words,
    lists: rows(List, 1000),
    cards: rows(Card, most.cards, `one import takes ${most.cards} cards at most; this board has more`),
    labels: given(rows(Label, 5000), []),
    checklists: given(rows(Checklist, 50_000), []),
    customFields: given(rows(CustomField, 1000), []),
    members: given(rows(Member, 10_000), []),
    actions: given(rows(Action, 50_000), []),
    pluginData: counted,
    powerUps: counted,
  })
  .superRefine(({ lists, cards }, ctx) => {
    const known = new Set(lists.map((l) => l.id))
    for (const [i, { idList }] of cards.entries())
      if (!known.has(idList))
        ctx.addIssue({ code: 'custom', path: ['cards', i, 'idList'], message: 'is no list of this board' })
  })
export type TrelloBoard = z.output<typeof TrelloBoard>

/** What of an export is spoken of. */
export const TrelloKind = z.enum([
  'board',
  'list',
  'card',
  'label',
  'card label',
  'field',
  'field option',
  'field value',
  'checklist',
  'checklist item',
  'comment',
  'attachment',
  'member',
  'assignee',
  'activity',
  'power-up',
  'cover',
  'sticker',
  'vote',
  'reminder',
  'start date',
  'location',
  'text',
])
export type TrelloKind = z.infer<typeof TrelloKind>

/** How often something happened, each with a sentence, and the first 200 by name. */
const Findings = z.strictObject({
  total: z.int(),
  counts: z.array(z.strictObject({ kind: TrelloKind, reason: z.string(), count: z.int() })),
  items: z.array(z.strictObject({ kind: TrelloKind, name: z.string(), reason: z.string() })).max(most.skipped),
})

/**
 * What became of everything in an export. A list is a board or skipped, a card is a task or in the trash, and so on:
 * `imported` and `skipped` of a kind are together what there was. `changed` was kept, but not as it was.
 */
export const TrelloReport = z
  .strictObject({
    imported: z.strictObject({
      boards: z.int(),
      tasks: z.int(),
      /** Archived cards, and cards of archived lists: in the project's trash. */
      trashed: z.int(),
      labels: z.int(),
      fields: z.int(),
      fieldValues: z.int(),
      checklistItems: z.int(),
      comments: z.int(),
      /** Attachments, as links in the description. */
      links: z.int(),
    }),
    changed: Findings,
    skipped: Findings,
  })
  .meta({ id: 'TrelloReport' })
export type TrelloReport = z.infer<typeof TrelloReport>

export const ImportedProject = z.strictObject({ project: ProjectDetail, report: TrelloReport })
export type ImportedProject = z.infer<typeof ImportedProject>

export const NewImport = z.strictObject({
  workspaceId: id,
  visibility: Visibility.default('workspace'),
  trello: TrelloBoard,
})
export type NewImport = z.infer<typeof NewImport>

export const create = route({
  method: 'POST',
  path: '/api/projects/import',
  summary:
    'Make a project of a Trello board’s JSON export, of 5 MB and 10,000 cards at most; the report says what became of everything in it',
  access: 'scoped',
  idempotent: true,
  maxBody: most.bytes,
  body: NewImport,
  status: 201,
  response: ImportedProject,
  example: {
    body: {
      workspaceId: '$workspace',
      trello: {
        name: 'Garden',
        lists: [{ id: 'l1', name: 'Spring', closed: false, pos: 1 }],
        cards: [{ id: 'c1', idList: 'l1', name: 'Sow', desc: '', closed: false, pos: 1, idLabels: ['g1'] }],
        labels: [{ id: 'g1', name: '', color: 'green' }],
      },
    },
  },
})
