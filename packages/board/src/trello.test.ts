import { customFields, labels as labelRoutes, projects, tasks, trello } from '@wealist/contract/board'
import type { TrelloReport } from '@wealist/contract/board/trello'
import { type BoardService, boardService, codeOf } from '@wealist/dev/testing/board-service'
import type { Ask } from '@wealist/dev/testing/one-service'
import { trelloExport, type TrelloExport } from '@wealist/dev/testing/trello'
import { newId } from '@wealist/kit/ids'
import { afterAll, beforeAll, expect, test } from 'vitest'

let service: BoardService
let alice: Ask
beforeAll(async () => {
  service = await boardService()
  alice = service.as(service.people.alice)
})
afterAll(() => service.stop())

const importing = (board: unknown, more: object = {}) =>
  alice(trello.create, { body: { workspaceId: service.workspaceId, trello: board, ...more } as never })
const skippedOf = ({ skipped }: TrelloReport, kind: string) =>
  skipped.counts.filter((c) => c.kind === kind).reduce((n, c) => n + c.count, 0)
const rowsOf = (table: string, projectId: string) =>
  service.rows<Record<string, unknown>>(`select * from ${table} where project_id = $1`, [projectId])
const tiny = (name: string) => ({ name, lists: [{ id: 'l', name: 'List' }], cards: [] })
const projectCount = () => service.rows('select count(*)::int as n from projects')

test('500 cards with every feature are what the API then shows, and the report speaks of everything there was', async () => {
  const board = trelloExport(500)
  const start = performance.now()
  const { project, report } = await importing(board, { visibility: 'private' })
  const ms = performance.now() - start
  expect(ms).toBeLessThan(5000)
  expect(project).toMatchObject({
    name: board.name,
    description: board.desc,
    visibility: 'private',
    myRole: 'owner',
    seq: 0,
  })
  expect(project.boards.map((b) => b.name)).toEqual(['List 1', 'List 0', 'List 2', 'List 3', 'List 4'])
  expect(await alice(projects.get, { params: { id: project.id } })).toEqual(project)

  const of = { params: { id: project.id } }
  const { items: labels } = await alice(labelRoutes.list, of)
  const { items: fields } = await alice(customFields.list, of)
  const steps = await rowsOf('checklist_items', project.id)
  const comments = await rowsOf('comments', project.id)
  expect(labels.map((l) => l.name).toSorted()).toEqual(
    ['Bug', 'Idea', `${'L'.repeat(49)}…`, 'No colour', 'Sky dark', 'istanbul (2)', 'İstanbul'].toSorted(),
  )
  expect(fields.map((f) => [f.name, f.type])).toEqual([
    ['The checkbox', 'select'],
    ['The list', 'select'],
    ['The date', 'date'],
    ['The number', 'number'],
    ['The text', 'text'],
  ])

  let seen = 0
  for (const [i, list] of [1, 0, 2, 3, 4].entries()) {
    const shown = await service.tasksOf(project.boards[i]!.id)
    const cards = board.cards.filter((c) => c.idList === board.lists[list]!.id && !c.closed).toReversed()
    expect(shown.map((t) => t.title.slice(0, 8).trim())).toEqual(cards.map((c) => c.name.slice(0, 8).trim()))
    for (const [j, task] of shown.entries()) same(task, cards[j]!)
    seen += shown.length
  }
  function same(task: (typeof tasks)['get']['response']['_output'], card: TrelloExport['cards'][number]) {
    const own = comments.filter((c) => c['task_id'] === task.id)
    const rest = own
      .filter((c) => c['author_name'] === 'Alice')
      .toSorted((a, b) => (String(a['id']) < String(b['id']) ? -1 : 1))
      .map((c) => String(c['content']))
    const text = [task.description, ...rest].join('')
    expect(text).toContain(card.desc)
    if (card.name.length > 200) expect(task.description).toContain(card.name.trim())
    expect(task.title.length).toBeLessThanOrEqual(200)
    expect(task.status).toBe(card.dueComplete ? 'done' : 'todo')
    expect(task.dueDate && new Date(task.dueDate).toISOString()).toBe(card.due)
    expect(task.assigneeId).toBeNull()
    expect(task.labelIds.length).toBe(card.idLabels[0] === board.labels[0]!.id ? 1 : 2)
    const lists = board.checklists.filter((l) => l.idCard === card.id)
    const mine = steps
      .filter((s) => s['task_id'] === task.id)
      .toSorted((a, b) => (String(a['rank']) < String(b['rank']) ? -1 : 1))
    const wanted = lists.flatMap((l) =>
      l.checkItems
        .toReversed()
        .map((s) => [lists.length > 1 ? `${l.name}: ${s.name}` : s.name, s.state === 'complete']),
    )
    expect(mine.map((s) => [s['title'], s['is_done']])).toEqual(wanted)
    const said = board.actions.filter((a) => a.type === 'commentCard' && a.data.card.id === card.id)
    const kept = own.filter((c) => c['author_name'] !== 'Alice')
    expect(
      new Set(kept.map((c) => [c['content'], c['author_name'], (c['created_at'] as Date).toISOString()].join())),
    ).toEqual(new Set(said.map((a) => [(a.data as { text: string }).text, a.memberCreator.fullName, a.date].join())))
    expect(task.counts).toEqual({
      comments: own.length,
      attachments: 0,
      checklist: mine.length,
      checklistDone: mine.filter((s) => s['is_done']).length,
    })
    const value = (n: number) => task.fields[fields[n]!.id]
    const options = (n: number) => fields[n]!.options
    if (card.customFieldItems.length === 0) return expect(task.fields).toEqual({})
    const n = card.idShort - 1
    expect(options(0).find((o) => o.id === value(0))!.name).toBe(n % 2 ? 'Yes' : 'No')
    expect(options(1).find((o) => o.id === value(1))!.name).toBe(`Stage ${n % 3}`)
    expect(value(2)).toBe(new Date(Date.UTC(2024, 0, 1) + n * 86_400_000).toISOString().slice(0, 10))
    expect([value(3), value(4)]).toEqual([n + 0.5, `value ${n}`])
    for (const { url } of card.attachments)
      if (url.startsWith('http')) expect(text).toContain(new URL(url).href.replace('(', '%28').replace(')', '%29'))
      else expect(text).not.toContain(url)
  }

  const { imported } = report
  expect(seen).toBe(imported.tasks)
  const { attachments, items } = board.cards.reduce(
    (n, c) => ({ attachments: n.attachments + c.attachments.length, items: n.items + c.customFieldItems.length }),
    { attachments: 0, items: 0 },
  )
  const talk = board.actions.filter((a) => a.type === 'commentCard').length
  const sum = (kind: string, kept: number) => kept + skippedOf(report, kind)
  expect(sum('list', imported.boards)).toBe(board.lists.length)
  expect(sum('card', imported.tasks + imported.trashed)).toBe(board.cards.length)
  expect(sum('label', imported.labels)).toBe(board.labels.length)
  expect(sum('field', imported.fields)).toBe(board.customFields.length)
  expect(sum('field value', imported.fieldValues)).toBe(items)
  expect(sum('checklist item', imported.checklistItems)).toBe(
    board.checklists.reduce((n, l) => n + l.checkItems.length, 0),
  )
  expect(sum('comment', imported.comments)).toBe(talk)
  expect(sum('attachment', imported.links)).toBe(attachments)
  expect(sum('activity', 0)).toBe(board.actions.length - talk)
  expect(sum('member', 0)).toBe(board.members.length)
  expect(sum('cover', 0)).toBe(20)
  expect(sum('sticker', 0)).toBe(13)
  expect(sum('vote', 0)).toBe(25)
  expect(sum('reminder', 0)).toBe(167)
  expect(sum('power-up', 0)).toBe(2)
  for (const { total, counts, items: named } of [report.changed, report.skipped]) {
    expect(counts.reduce((n, c) => n + c.count, 0)).toBe(total)
    expect(named.length).toBe(Math.min(200, named.length))
  }
  expect(await service.rows('select from kit.events where topic = $1', [`project:${project.id}`])).toEqual([])
  const [counted] = await service.rows<{ tasks: number; comments: number }>(
    `select count(*)::int as tasks, sum(comment_count)::int as comments from tasks where project_id = $1`,
    [project.id],
  )
  expect(counted).toEqual({ tasks: 500, comments: comments.length })
})

test('what our limits leave no room for is reported, not dropped silently', async () => {
  const many = <T>(n: number, of: (i: number) => T) => Array.from({ length: n }, (_, i) => of(i))
  const text = 'word '.repeat(18_000).trim()
  const { project, report } = await importing({
    name: 'n'.repeat(300),
    desc: 'd'.repeat(5000),
    lists: many(103, (i) => ({ id: `l${i}`, name: `${i}`, pos: i })),
    labels: many(105, (i) => ({ id: `g${i}`, name: `label ${i}`, color: 'green' })),
    customFields: many(52, (i) => ({ id: `f${i}`, name: 'same', type: 'text', pos: i })),
    cards: many(103, (i) => ({
      id: `c${i}`,
      idList: `l${i}`,
      name: `${i}`,
      desc: i === 0 ? text : '',
      idLabels: many(105, (j) => `g${j}`),
      customFieldItems: many(52, (j) => ({ idCustomField: `f${j}`, value: { text: 'x'.repeat(i === 0 ? 2500 : 1) } })),
      badges: { comments: i === 1 ? 7 : 0 },
    })),
    checklists: [
      {
        id: 'k',
        idCard: 'c0',
        name: 'Steps',
        checkItems: many(120, (i) => ({ name: i ? `${i}` : 's'.repeat(600), pos: i })),
      },
      { id: 'gone', idCard: 'gone', name: 'Gone', checkItems: many(3, () => ({ name: 'x' })) },
    ],
    actions: [
      {
        id: 'a',
        type: 'commentCard',
        date: '2024-01-01T00:00:00Z',
        data: { text: 't'.repeat(25_000), card: { id: 'c0' } },
      },
      { id: 'b', type: 'commentCard', date: '2024-01-01T00:00:00Z', data: { text: 'lost', card: { id: 'gone' } } },
    ],
  })
  expect(report.imported).toMatchObject({
    boards: 100,
    tasks: 103,
    labels: 100,
    fields: 50,
    checklistItems: 100,
    comments: 1,
  })
  const skipped = (kind: string) => skippedOf(report, kind)
  expect(
    ['list', 'label', 'card label', 'field', 'field value', 'checklist item', 'comment', 'board'].map(skipped),
  ).toEqual([3, 5, 55 * 103, 2, 2 * 103, 23, 8, 1])
  expect((await service.tasksOf(project.boards[99]!.id)).map((t) => t.title)).toEqual(['99', '100', '101', '102'])
  const [task] = await service.tasksOf(project.boards[0]!.id)
  const rest = await service.rows<{ content: string }>(
    'select content from comments where task_id = $1 and author_name = $2 order by created_at, id',
    [task!.id, 'Alice'],
  )
  const whole = [task!.description, ...rest.map((c) => c.content)].join('')
  for (const part of [text, 'x'.repeat(2500), 's'.repeat(600)]) expect(whole).toContain(part)
  const said = await service.rows<{ content: string }>(
    "select content from comments where task_id = $1 and author_name <> 'Alice' order by created_at, id",
    [task!.id],
  )
  expect(said.map((c) => c.content).join('')).toBe('t'.repeat(25_000))
})

test('archived cards and cards of archived lists are in the trash, and come back to a board', async () => {
  const { project, report } = await importing({
    name: 'Old',
    lists: [{ id: 'l', name: 'Gone', closed: true }],
    cards: [{ id: 'c', idList: 'l', name: 'Old card', desc: 'kept', dueComplete: true }],
  })
  expect(report.imported).toMatchObject({ boards: 0, tasks: 0, trashed: 1 })
  const [row] = await rowsOf('tasks', project.id)
  const restored = await alice(tasks.restore, { params: { id: String(row!['id']) } })
  expect(restored).toMatchObject({
    title: 'Old card',
    description: 'kept',
    status: 'done',
    boardId: project.boards[0]!.id,
  })
})

test('a key is one import: the second answers the first, another export under it is refused', async () => {
  const key = { 'idempotency-key': newId() }
  const send = (name: string) =>
    alice(trello.create, { body: { workspaceId: service.workspaceId, trello: tiny(name) as never } }, key)
  const first = await send('Once')
  const before = await projectCount()
  expect(await send('Once')).toEqual(first)
  expect(await codeOf(send('Twice'))).toBe('IDEMPOTENCY_MISMATCH')
  expect(await projectCount()).toEqual(before)
})

test('nobody imports into a workspace that they are not in', async () => {
  const body = { workspaceId: service.workspaceId, trello: tiny('x') as never }
  expect(await codeOf(service.as(service.people.mallory)(trello.create, { body }))).toBe('NOT_FOUND')
})

test('an import is a constant number of statements, and 5,000 cards are imported in time', async () => {
  // What is read of a card, so that 5,000 fit into 5 MB.
  const lean = (board: TrelloExport) => ({
    ...board,
    cards: board.cards.map(({ id, idList, name, desc, closed, pos, due, idLabels, ...c }) => ({
      ...{ id, idList, name: name.slice(0, 50), desc: desc.slice(0, 200), closed, pos, due, idLabels },
      customFieldItems: c.customFieldItems
        .slice(0, 2)
        .map(({ idCustomField, value, idValue }) => ({ idCustomField, value, idValue })),
    })),
    checklists: board.checklists.map(({ checkItems, ...list }) => ({
      ...list,
      checkItems: checkItems.map(({ name, state, pos }) => ({ name, state, pos })),
    })),
    actions: board.actions.flatMap(({ data, ...a }) =>
      a.type === 'commentCard' ? [{ ...a, data: { ...data, board: undefined }, memberCreator: undefined }] : [],
    ),
  })
  const count = async (n: number) => {
    const trello = lean(trelloExport(n))
    const start = performance.now()
    service.statements.length = 0
    const { report } = await importing(trello)
    const ms = Math.round(performance.now() - start)
    expect(report.imported.tasks + report.imported.trashed).toBe(n)
    return { statements: service.statements.length, ms }
  }
  const { statements } = await count(5)
  expect(statements).toBe(10)
  const many = await count(5000)
  expect(many.statements).toBe(statements)
  expect(many.ms).toBeLessThan(10_000)
})
