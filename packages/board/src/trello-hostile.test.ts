import { trello } from '@wealist/contract/board'
import { type BoardService, boardService } from '@wealist/dev/testing/board-service'
import { trelloExport } from '@wealist/dev/testing/trello'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { folded } from './trello-text.ts'

let service: BoardService
beforeAll(async () => void (service = await boardService()))
afterAll(() => service.stop())

const rowsOf = (table: string, projectId: string) =>
  service.rows<Record<string, unknown>>(`select * from ${table} where project_id = $1`, [projectId])
const tiny = (more: object = {}, card: object = {}) => ({
  name: 'Tiny',
  lists: [{ id: 'l', name: 'List' }],
  cards: [{ id: 'c', idList: 'l', name: 'Card', ...card }],
  ...more,
})

const tables = async () => {
  const names = ['projects', 'project_members', 'boards', 'tasks', 'labels', 'fields', 'checklist_items', 'comments']
  const counts = names.map((t) => `(select count(*)::int from ${t}) as ${t}`).join(', ')
  return (await service.rows(`select ${counts}`))[0]
}
const post = (body: string) =>
  fetch(`${service.url}/api/projects/import`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...service.headersOf(service.people.alice) },
    body,
  })

test.each<[string, string | undefined, unknown]>([
  ['no board at all', 'trello', null],
  ['a list in its place', 'trello', []],
  ['no lists', 'trello.lists', { name: 'x', cards: [] }],
  ['cards that are text', 'trello.cards', tiny({ cards: 'many' })],
  ['a card that is null', 'trello.cards.0', tiny({ cards: [null] })],
  ['a card without an id', 'trello.cards.0.id', tiny({}, { id: undefined })],
  ['a card of an unknown list', 'trello.cards.0.idList', tiny({}, { idList: 'elsewhere' })],
  ['a card that is its own list', 'trello.cards.0.idList', tiny({}, { idList: 'c' })],
  [
    'two cards of one id',
    'trello.cards.1.id',
    tiny({ cards: [1, 2].map(() => ({ id: 'c', idList: 'l', name: 'x' })) }),
  ],
  ['two lists of one id', 'trello.lists.1.id', tiny({ lists: [{ id: 'l' }, { id: 'l' }] })],
  ['two labels of one id', 'trello.labels.1.id', tiny({ labels: [{ id: 'g' }, { id: 'g' }] })],
  ['a position that is text', 'trello.cards.0.pos', tiny({}, { pos: 'bottom' })],
  ['a due date that is none', 'trello.cards.0.due', tiny({}, { due: 'tomorrow' })],
  ['a due date in the year 0', 'trello.cards.0.due', tiny({}, { due: '0000-01-01T00:00:00.000Z' })],
  ['a due date past all years', 'trello.cards.0.due', tiny({}, { due: '9999-12-31T23:59:59-23:00' })],
  ['a due date on 31 February', 'trello.cards.0.due', tiny({}, { due: '2026-02-31T00:00:00Z' })],
  ['a title of a megabyte', 'trello.cards.0.name', tiny({}, { name: 'x'.repeat(1024 * 1024) })],
  ['an id of a megabyte', 'trello.cards.0.idLabels.0', tiny({}, { idLabels: ['x'.repeat(1024 * 1024)] })],
  ['an id of half a character', 'trello.cards.0.id', tiny({}, { id: '\ud800' })],
  ['a negative number of comments', 'trello.cards.0.badges.comments', tiny({}, { badges: { comments: -1 } })],
  ['closed as a number', 'trello.cards.0.closed', tiny({}, { closed: 2 })],
  [
    'a state that is none',
    'trello.checklists.0.checkItems.0.state',
    tiny({ checklists: [{ id: 'k', idCard: 'c', checkItems: [{ name: 'x', state: 'maybe' }] }] }),
  ],
  [
    '10,001 cards',
    'trello.cards',
    tiny({ cards: Array.from({ length: 10_001 }, (_, i) => ({ id: `${i}`, idList: 'l' })) }),
  ],
  ['actions that nest', 'trello.actions.0.id', tiny({ actions: [{ id: { id: { id: {} } } }] })],
])('%s is a 400 that names %s, and nothing is stored', async (_, path, board) => {
  const before = await tables()
  const response = await post(JSON.stringify({ workspaceId: service.workspaceId, trello: board }))
  const { error } = (await response.json()) as { error: { code: string; details: { path: string; message: string }[] } }
  expect([response.status, error.code]).toEqual([400, 'VALIDATION_ERROR'])
  expect(error.details[0]!.path).toBe(path)
  expect(error.details.length).toBeLessThanOrEqual(50)
  expect(await tables()).toEqual(before)
})

test.each<[string, number, string]>([
  ['no JSON', 400, '{"trello":'],
  [
    'Infinity written as JSON may',
    400,
    `{"workspaceId":"$w","trello":{"name":"x","lists":[{"id":"l","pos":1e999}],"cards":[]}}`,
  ],
  ['more than 5 MB', 413, `{"workspaceId":"$w","trello":{"name":"${'x'.repeat(5 * 1024 * 1024)}"}}`],
  ['a deep nest', 400, `{"workspaceId":"$w","trello":${'{"cards":['.repeat(100_000)}1${']}'.repeat(100_000)}}`],
])('%s is a %i, and nothing is stored', async (_, status, body) => {
  const before = await tables()
  expect((await post(body.replace('$w', service.workspaceId))).status).toBe(status)
  expect(await tables()).toEqual(before)
})

test('what is only odd is kept: unknown fields, prototypes, deep plugin data, characters that cannot be stored', async () => {
  const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`
  const body = `{"workspaceId":"${service.workspaceId}","trello":{"__proto__":{"admin":true},"constructor":1,"name":"a\\u0000b","desc":"\\ud800",
    "lists":[{"id":"__proto__","pos":-1e308},{"id":"constructor","pos":1e308,"name":"\\n"}],
    "cards":[{"id":"toString","idList":"__proto__","name":"x\\u0000\\udc00","desc":"y\\u0000","pos":1.5e300},{"id":"b","idList":"__proto__","name":""}],
    "customFields":[{"id":"__proto__","name":"f","type":"__proto__"},{"id":"n","name":"F","type":"number"},{"id":"m","name":"f","type":"number"}],
    "pluginData":[${deep}]}}`
  const response = await post(body)
  expect(response.status).toBe(201)
  const { project, report } = trello.create.response.parse(await response.json())
  expect(project.name).toBe('a\ufffdb')
  expect(project.boards.map((b) => b.name)).toEqual(['Untitled', 'Untitled'])
  expect((await service.tasksOf(project.boards[0]!.id)).map((t) => [t.title, t.description])).toEqual([
    ['Untitled', ''],
    ['x\ufffd\ufffd', 'y\ufffd'],
  ])
  expect(report.changed.counts).toContainEqual({ kind: 'text', reason: expect.any(String), count: 4 })
  expect(report.skipped.counts).toContainEqual({ kind: 'field', reason: 'its type is not known', count: 1 })
  expect((await rowsOf('fields', project.id)).map((f) => f['name']).toSorted()).toEqual(['F', 'f (2)'])
})

// The same numbers each time, so that what fails once fails again.
const seeded = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
}

test('an export changed at random, 200 times: imported or refused, never a 500, and refused means nothing stored', async () => {
  const odd: unknown[] = [
    null, undefined, true, -1, 0.5, 1e308, -1e308, '', ' ', '\u0000', '\ud800', 'İ', 'x'.repeat(300), 'x'.repeat(20_001), '<b>',
    [], [[]], {}, { id: 'x' }, '2024-01-01T00:00:00Z', '0001-01-01T00:00:00+14:00', 'NaN', '1e400', '-0', '5e-324', '__proto__', 'none',
  ] // prettier-ignore
  const statuses: Record<number, number> = {}
  for (let run = 0; run < 200; run++) {
    const random = seeded(run)
    const pick = <T>(from: readonly T[]) => from[Math.floor(random() * from.length)]!
    const board = trelloExport(12)
    for (let n = 0; n < 1 + (run % 3); n++) {
      let at: Record<string, unknown> = board as never
      for (;;) {
        const key = pick(Object.keys(at))
        const inner = at[key]
        if (typeof inner === 'object' && inner !== null && Object.keys(inner).length > 0 && random() < 0.9)
          at = inner as never
        else {
          const alike = odd.filter((v) => typeof v === typeof inner)
          const like = Array.isArray(inner) ? [...inner].toReversed().slice(1) : pick(random() < 0.8 ? alike : odd)
          if (random() < 0.2) delete at[key]
          else at[key] = like
          break
        }
      }
    }
    const before = await tables()
    const response = await post(JSON.stringify({ workspaceId: service.workspaceId, trello: board }))
    const text = await response.text()
    expect([201, 400], `seed ${run}: ${text}`).toContain(response.status)
    statuses[response.status] = (statuses[response.status] ?? 0) + 1
    if (response.status === 201) trello.create.response.parse(JSON.parse(text))
    else expect(await tables(), `seed ${run}`).toEqual(before)
  }
  expect(Object.keys(statuses)).toEqual(['201', '400'])
})

test('names that PostgreSQL takes for one are told apart by a number, whatever the letter', async () => {
  const letters = Array.from({ length: 0x1ffff }, (_, i) => String.fromCodePoint(i + 1)).filter((c) => c.isWellFormed())
  const rows = await service.rows<{ c: string; l: string }>('select c, lower(c) as l from unnest($1::text[]) as t(c)', [
    letters,
  ])
  const byLower = Map.groupBy(rows, (r) => r.l)
  const apart = [...byLower.values()].filter((same) => new Set(same.map(({ c }) => folded(c))).size > 1)
  expect(apart.map((same) => same.map(({ c }) => c).join(' '))).toEqual([])
})
