const hex = (kind: number, n: number) => `5f${kind.toString(16).padStart(2, '0')}${n.toString(16).padStart(20, '0')}`
const range = <T>(n: number, of: (i: number) => T) => Array.from({ length: n }, (_, i) => of(i))
const at = (minutes: number) => new Date(Date.UTC(2024, 0, 1) + minutes * 60_000).toISOString()

const listIds = range(6, (i) => hex(1, i))
const labelIds = range(8, (i) => hex(3, i))
const memberIds = range(4, (i) => hex(4, i))
const names = ['Alice Kim', 'Bob Lee', '김철수', 'Vera Novák']
const member = (i: number) => ({ id: memberIds[i]!, fullName: names[i]!, username: `user${i}`, avatarHash: null })

const option = (i: number) => ({
  id: hex(6, i),
  idCustomField: hex(5, 1),
  value: { text: `Stage ${i}` },
  color: 'lime',
  pos: 3 - i,
})
const customFields = () =>
  (['checkbox', 'list', 'date', 'number', 'text'] as const).map((type, i) => ({
    id: hex(5, i),
    idModel: hex(0, 0),
    modelType: 'board',
    name: `The ${type}`,
    type,
    pos: (i + 1) * 16_384,
    display: { cardFront: true },
    ...(type === 'list' && { options: range(3, option) }),
  }))
const items = (n: number) => [
  { id: hex(7, n * 8), idCustomField: hex(5, 0), value: { checked: n % 2 ? 'true' : 'false' }, idValue: null },
  { id: hex(7, n * 8 + 1), idCustomField: hex(5, 1), value: null, idValue: hex(6, n % 3) },
  { id: hex(7, n * 8 + 2), idCustomField: hex(5, 2), value: { date: at(n * 1440) }, idValue: null },
  { id: hex(7, n * 8 + 3), idCustomField: hex(5, 3), value: { number: `${n}.5` }, idValue: null },
  { id: hex(7, n * 8 + 4), idCustomField: hex(5, 4), value: { text: `value ${n}` }, idValue: null },
]
const attachment = (n: number) => ({
  id: hex(8, n),
  name: n % 7 === 0 ? 'An [odd] name' : `file-${n}.pdf`,
  url: n % 11 === 0 ? 'javascript:alert(1)' : `https://example.com/files/${n}/a (1).pdf`,
  bytes: 1000 + n,
  mimeType: 'application/pdf',
  isUpload: true,
  pos: n,
})

const card = (n: number) => ({
  id: hex(2, n),
  idBoard: hex(0, 0),
  idList: listIds[n % listIds.length]!,
  idShort: n + 1,
  name: n % 50 === 0 ? `Card ${n} ${'with a long title '.repeat(20)}` : `Card ${n}`,
  desc: n % 100 === 3 ? `Long ${n} ${'0123456789'.repeat(3000)}` : `What card ${n} is about.\n\n**Markdown** 🎉`,
  descData: { emoji: {} },
  closed: n % 10 === 9,
  // Downwards, so that the order of the file is not the order of the board.
  pos: 65_536 * 1000 - n * 16.5,
  due: n % 3 === 0 ? at(n * 60) : null,
  dueComplete: n % 6 === 0,
  dueReminder: n % 3 === 0 ? 1440 : -1,
  start: n % 9 === 0 ? at(n) : null,
  idLabels: [labelIds[n % 8]!, labelIds[(n + 1) % 8]!],
  labels: [{ id: labelIds[n % 8]!, name: 'also here', color: 'green', uses: 3 }],
  idMembers: n % 4 === 0 ? [memberIds[0]!, memberIds[n % 3 === 0 ? 1 : 2]!] : [],
  idMembersVoted: n % 20 === 0 ? [memberIds[3]!] : [],
  idChecklists: [hex(9, n * 2), hex(9, n * 2 + 1)].slice(0, n % 3),
  checkItemStates: null,
  attachments: range(n % 3, (i) => attachment(n * 3 + i)),
  customFieldItems: n % 2 === 0 ? items(n) : [],
  cover: { idAttachment: null, color: n % 25 === 0 ? 'sky' : null, idUploadedBackground: null, size: 'normal' },
  stickers: n % 40 === 0 ? [{ id: hex(12, n), image: 'star', top: 1, left: 2, rotate: 3 }] : [],
  pluginData: [],
  isTemplate: n === 5,
  locationName: n === 7 ? 'Seoul' : null,
  badges: { comments: n % 4 === 0 ? 2 : 0, votes: n % 20 === 0 ? 1 : 0, checkItems: 3, fogbugz: '' },
  shortLink: `s${n}`,
  shortUrl: `https://trello.com/c/s${n}`,
  subscribed: false,
})

const checklist = (n: number, of: number) => ({
  id: hex(9, n * 2 + of),
  idBoard: hex(0, 0),
  idCard: hex(2, n),
  name: of === 0 ? 'Checklist' : 'Before release',
  pos: 16_384 * (of + 1),
  checkItems: range(3, (i) => ({
    id: hex(10, (n * 2 + of) * 3 + i),
    idChecklist: hex(9, n * 2 + of),
    name: `Step ${i} of ${of} on ${n}`,
    state: i === 0 ? 'complete' : 'incomplete',
    pos: 100 - i,
    due: i === 2 && n % 5 === 0 ? at(n) : null,
    idMember: null,
  })),
})

const comment = (n: number, i: number) => ({
  id: hex(11, n * 2 + i),
  idMemberCreator: memberIds[(n + i) % 4]!,
  type: 'commentCard',
  date: at(n * 10 + i),
  data: {
    text: `Comment ${i} on ${n}`,
    card: { id: hex(2, n), name: `Card ${n}`, idShort: n + 1 },
    board: { id: hex(0, 0) },
  },
  memberCreator: member((n + i) % 4),
  limits: {},
})
const moved = (n: number) => ({
  ...comment(n, 0),
  id: hex(13, n),
  type: 'updateCard',
  data: { card: { id: hex(2, n) }, old: { pos: 1 } },
})

/** A board as Trello exports it, with every feature that one has, and `n` cards; the same each time. */
export const trelloExport = (n: number) => ({
  id: hex(0, 0),
  name: 'Product launch',
  desc: 'What we ship, and when.',
  descData: null,
  closed: false,
  idOrganization: null,
  limits: { cards: { openPerBoard: { status: 'ok', disableAt: 4750, warnAt: 4250 } } },
  prefs: { permissionLevel: 'private', background: 'blue', voting: 'disabled' },
  labelNames: { green: 'Bug', yellow: '' },
  powerUps: ['calendar'],
  pluginData: [{ id: hex(14, 0), value: '{"a":1}' }],
  dateLastActivity: at(1),
  url: 'https://trello.com/b/abc/product-launch',
  // The last is archived; the first stands second.
  lists: listIds.map((id, i) => ({
    id,
    name: `List ${i}`,
    closed: i === 5,
    pos: i === 0 ? 150 : i * 100,
    color: i === 2 ? 'red' : null,
    softLimit: null,
  })),
  labels: [
    ['Bug', 'green'],
    ['bug', 'red'],
    ['', 'sky_dark'],
    ['İstanbul', 'blue'],
    ['istanbul', 'purple'],
    ['No colour', null],
    ['L'.repeat(60), 'ultraviolet'],
    ['Idea', 'yellow_light'],
  ].map(([name, color], i) => ({ id: labelIds[i]!, idBoard: hex(0, 0), name, color, uses: i })),
  members: range(4, member),
  memberships: [],
  customFields: customFields(),
  cards: range(n, card),
  checklists: range(n, (i) => range(i % 3, (of) => checklist(i, of))).flat(),
  actions: range(n, (i) => [moved(i), ...(i % 4 === 0 ? [comment(i, 1), comment(i, 0)] : [])]).flat(),
})
export type TrelloExport = ReturnType<typeof trelloExport>
