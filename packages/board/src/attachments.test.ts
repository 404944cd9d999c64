import { attachments, events, projects, tasks } from '@wealist/contract/board'
import { attach, post } from '@wealist/dev/testing/attach'
import { type BoardService, boardService, codeOf } from '@wealist/dev/testing/board-service'
import { testLog } from '@wealist/dev/testing/log'
import type { Ask, Asker } from '@wealist/dev/testing/one-service'
import { s3Env, s3World, type S3World } from '@wealist/dev/testing/s3-world'
import { run as startService } from '@wealist/kit/node'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { board } from './service.ts'
import { purge } from './trash.ts'

let s3: S3World
let service: BoardService
let alice: Ask
let bob: Ask
let project: Awaited<ReturnType<BoardService['project']>>
let id: string
beforeAll(async () => {
  s3 = await s3World()
  service = await boardService(s3Env(s3))
  alice = service.as(service.people.alice)
  bob = service.as(service.people.bob)
})
afterAll(async () => {
  await service.stop()
  await s3.stop()
})
beforeEach(async () => {
  project = await service.project()
  const body = { title: 'Tea' }
  id = (await alice(tasks.create, { params: { id: project.boards[0]!.id }, body })).id
})

const begin = (ask: Ask, more: Partial<attachments.NewAttachment> = {}, taskId = id) =>
  ask(attachments.create, {
    params: { id: taskId },
    body: { name: 'plan.txt', size: 3, contentType: 'text/plain', ...more },
  })
const confirm = (ask: Ask, attachmentId: string, taskId = id) =>
  ask(attachments.confirm, { params: { id: taskId, attachmentId } })
const remove = (ask: Ask, attachmentId: string) => ask(attachments.remove, { params: { id, attachmentId } })
const list = async () => (await alice(attachments.list, { params: { id } })).items
const counted = async () => (await alice(tasks.get, { params: { id } })).counts.attachments
const keyOf = async (attachmentId: string) =>
  (await service.rows<{ key: string }>('select key from attachments where id = $1', [attachmentId]))[0]!.key
const there = async (key: string) => (await service.running.deps.objects.inspect(key)) !== undefined
const gone = async (key: string) => {
  await expect.poll(() => there(key), { interval: 50 }).toBe(false)
}
const logOf = async () =>
  (await alice(events.list, { params: { id: project.id }, query: { limit: 100 } })).items.filter((e) =>
    e.type.startsWith('attachment.'),
  )
const run = (name: string, payload: object) => service.running.base.db.tx(async (tx) => void tx.addJob(name, payload))
const runPurge = () => {
  const { base } = service.running
  return purge({ ...base, tx: base.db.tx, job: { signal: new AbortController().signal } } as never)
}

test('a file that was uploaded and confirmed is listed, counted, told once and downloaded as what it was', async () => {
  const file = await attach(alice, id, 'tea at six', 'Plan für 홍차.txt')
  expect(file).toMatchObject({ taskId: id, name: 'Plan für 홍차.txt', size: 10, contentType: 'text/plain' })
  expect(await confirm(alice, file.id)).toEqual(file)
  expect(await list()).toEqual([file])
  expect(await counted()).toBe(1)
  expect((await logOf()).map((e) => e.payload)).toEqual([
    { ...file, counts: { comments: 0, attachments: 1, checklist: 0, checklistDone: 0 } },
  ])
  const { downloadUrl } = await bob(attachments.download, { params: { id, attachmentId: file.id } })
  const got = await fetch(downloadUrl)
  expect(await got.text()).toBe('tea at six')
  expect(got.headers.get('content-type')).toBe('text/plain')
  expect(got.headers.get('content-disposition')).toBe(
    `attachment; filename="Plan f_r __.txt"; filename*=UTF-8''Plan%20f%C3%BCr%20%ED%99%8D%EC%B0%A8.txt`,
  )
  expect((await fetch(downloadUrl.split('?')[0]!)).status).toBe(403)
})

test('ten confirmations at once count one file and tell of it once', async () => {
  const form = await begin(alice)
  await post(form, 'tea')
  const codes = await Promise.all(Array.from({ length: 10 }, () => codeOf(confirm(alice, form.id))))
  expect(new Set(codes)).toEqual(new Set(['OK']))
  expect(await counted()).toBe(1)
  expect(await logOf()).toHaveLength(1)
})

test('reading the files of a task, or the address of one, is one statement however many there are', async () => {
  const { id: attachmentId } = await attach(alice, id)
  const count = async (work: () => Promise<unknown>) => {
    service.statements.length = 0
    await work()
    return service.statements.length
  }
  for (let i = 0; i < 2; i++) {
    expect(await count(list)).toBe(1)
    expect(await count(() => alice(attachments.download, { params: { id, attachmentId } }))).toBe(1)
    await attach(alice, id)
  }
})

test('HTML and SVG are never sent as what a browser would run', async () => {
  for (const contentType of ['text/html', 'image/svg+xml']) {
    const form = await begin(alice, { contentType, name: 'x.html' })
    await post(form, '<a>')
    await confirm(alice, form.id)
    const { downloadUrl } = await alice(attachments.download, { params: { id, attachmentId: form.id } })
    const { headers } = await fetch(downloadUrl)
    expect(headers.get('content-type')).toBe('application/octet-stream')
    expect(headers.get('content-disposition')).toMatch(/^attachment;/)
  }
})

test('the form takes that size, that type and that key alone', async () => {
  const form = await begin(alice)
  expect((await post(form, 'te')).status).toBe(400)
  expect((await post(form, 'teas')).status).toBe(400)
  expect((await post(form, 'tea', { 'Content-Type': 'text/html' })).status).toBe(403)
  expect((await post(form, 'tea', { key: 'attachments/mine' })).status).toBe(403)
  expect(await codeOf(confirm(alice, form.id))).toBe('CONFLICT')
  expect(await list()).toEqual([])
})

test('what S3 holds is looked at: another size or type is refused, row and object go', async () => {
  for (const [bytes, ContentType, says] of [
    ['teas', 'text/plain', /4 bytes, not the 3/],
    ['tea', 'text/html', /text\/html, not the text\/plain/],
  ] as const) {
    const form = await begin(alice)
    await s3.put(form.fields['key']!, bytes, { ContentType })
    await expect(confirm(alice, form.id)).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      details: [{ path: 'attachmentId', message: expect.stringMatching(says) }],
    })
    await gone(form.fields['key']!)
    expect(await codeOf(confirm(alice, form.id))).toBe('NOT_FOUND')
  }
  expect(await counted()).toBe(0)
  expect(await logOf()).toEqual([])
})

test('what the form still writes after the confirmation is never what is downloaded', async () => {
  const form = await begin(alice)
  await post(form, 'tea')
  await confirm(alice, form.id)
  expect((await post(form, 'XXX')).status).toBe(204)
  const { downloadUrl } = await alice(attachments.download, { params: { id, attachmentId: form.id } })
  expect(await (await fetch(downloadUrl)).text()).toBe('tea')
})

test('an upload is confirmed by who began it, under its task, and by nobody else', async () => {
  const form = await begin(alice)
  await post(form, 'tea')
  const other = await alice(tasks.create, { params: { id: project.boards[0]!.id }, body: { title: 'other' } })
  const { vera, mallory } = service.people
  for (const ask of [bob, service.as(vera), service.as(mallory)])
    expect(await codeOf(confirm(ask, form.id))).toBe('NOT_FOUND')
  expect(await codeOf(confirm(alice, form.id, other.id))).toBe('NOT_FOUND')
  // Nor is it anybody else's to see or to delete.
  expect(await codeOf(bob(attachments.download, { params: { id, attachmentId: form.id } }))).toBe('NOT_FOUND')
  expect(await codeOf(remove(bob, form.id))).toBe('NOT_FOUND')
  expect(await list()).toEqual([])
  expect(await codeOf(confirm(alice, form.id))).toBe('OK')
  expect(await codeOf(alice(attachments.download, { params: { id: other.id, attachmentId: form.id } }))).toBe(
    'NOT_FOUND',
  )
})

test('a viewer reads files and adds none; strangers know of none', async () => {
  const file = await attach(alice, id)
  const [vera, mallory] = [service.as(service.people.vera), service.as(service.people.mallory)]
  const params = { id, attachmentId: file.id }
  expect(await codeOf(vera(attachments.download, { params }))).toBe('OK')
  expect(await codeOf(begin(vera))).toBe('FORBIDDEN')
  expect(await codeOf(remove(vera, file.id))).toBe('FORBIDDEN')
  const works = [
    mallory(attachments.list, { params: { id } }),
    mallory(attachments.download, { params }),
    begin(mallory),
    remove(mallory, file.id),
  ]
  expect(new Set(await Promise.all(works.map(codeOf)))).toEqual(new Set(['NOT_FOUND']))
})

test('who uploaded it or an admin deletes it: row, count, name in the log and object', async () => {
  const [hers, his] = [await attach(alice, id, 'a'), await attach(bob, id, 'b', 'secret-name.txt')]
  const keys = [await keyOf(hers.id), await keyOf(his.id)]
  expect(await codeOf(remove(bob, hers.id))).toBe('FORBIDDEN')
  await remove(alice, his.id)
  await remove(alice, hers.id)
  expect(await codeOf(remove(alice, hers.id))).toBe('NOT_FOUND')
  expect(await counted()).toBe(0)
  expect(JSON.stringify(await logOf())).not.toContain('secret-name')
  expect((await logOf()).at(-1)).toMatchObject({
    type: 'attachment.deleted',
    payload: { id: hers.id, taskId: id, counts: { attachments: 0 } },
  })
  for (const key of keys) await gone(key)
})

test('a task takes 100 files, unconfirmed ones too, and 25 unconfirmed ones of a person', async () => {
  for (let i = 0; i < 20; i++) await begin(alice)
  const codes = await Promise.all(Array.from({ length: 10 }, () => codeOf(begin(alice))))
  expect(codes.filter((c) => c === 'OK')).toHaveLength(5)
  expect(codes.filter((c) => c === 'CONFLICT')).toHaveLength(5)
  await service.rows('update attachments set confirmed_at = now() where task_id = $1', [id])
  await service.rows(
    `insert into attachments (id, task_id, project_id, key, name, content_type, size, created_by)
     select gen_random_uuid(), task_id, project_id, key || n, name, content_type, size, gen_random_uuid()
     from attachments, generate_series(1, 3) n where task_id = $1 limit 74`,
    [id],
  )
  expect(await codeOf(begin(bob))).toBe('OK')
  await expect(begin(bob)).rejects.toMatchObject({ code: 'CONFLICT', message: 'A task has 100 files at most.' })
})

test('two processes asked at once pass neither bound: the task is locked while its files are counted', async () => {
  const other = await startService(board, service.environment, { log: testLog('board') })
  const there = service.at(`http://127.0.0.1:${other.port}`)
  const atOnce = async (person: Asker) => {
    const asks = [service.as(person), there.as(person)]
    const codes = await Promise.all(Array.from({ length: 40 }, (_, i) => codeOf(begin(asks[i % 2]!))))
    return codes.filter((c) => c === 'OK').length
  }
  expect(await atOnce(service.people.alice)).toBe(25)
  await service.rows(
    `insert into attachments (id, task_id, project_id, key, name, content_type, size, created_by)
     select gen_random_uuid(), task_id, project_id, key || n, name, content_type, size, gen_random_uuid()
     from attachments, generate_series(1, 3) n where task_id = $1 limit 65`,
    [id],
  )
  expect(await atOnce(service.people.bob)).toBe(10)
  await other.stop()
})

test('names are kept as they were typed; control characters, blanks, sizes and types that are none are refused', async () => {
  const name = ' ../"tea"; filename=x.exe '
  expect((await attach(alice, id, 'tea', name)).name).toBe(name)
  for (const wrong of [
    { name: 'a\nb' },
    { name: 'a\u0085b' },
    { name: '  ' },
    { name: 'x'.repeat(256) },
    { size: 0 },
    { size: 50 * 1024 * 1024 + 1 },
    { contentType: 'text/html; charset=utf-8' },
    { contentType: 'text' },
  ])
    expect(await codeOf(begin(alice, wrong))).toBe('VALIDATION_ERROR')
})

test('an upload that nobody confirms is forgotten, object and all; a confirmed one stays', async () => {
  const [pending, kept] = [await begin(alice), await begin(alice)]
  for (const form of [pending, kept]) await post(form, 'tea')
  await confirm(alice, kept.id)
  const keys = [await keyOf(pending.id), await keyOf(kept.id)]
  const [job] = await service.rows<{ minutes: number }>(
    `select extract(epoch from run_at - now())::int / 60 as minutes from (select run_at, task from kit.outbox union all
      select run_at, task_identifier from graphile_worker.jobs) j where task = 'attachment.expire' order by run_at desc`,
  )
  expect(job!.minutes).toBeGreaterThan(55)
  await run('attachment.expire', { id: pending.id, key: keys[0] })
  await run('attachment.expire', { id: kept.id, key: keys[1] })
  await gone(pending.fields['key']!)
  await gone(kept.fields['key']!)
  expect(await codeOf(confirm(alice, pending.id))).toBe('NOT_FOUND')
  expect(await there(keys[1]!)).toBe(true)
  expect(await list()).toHaveLength(1)
})

test('an upload that is about to expire is no longer confirmed', async () => {
  const form = await begin(alice)
  await post(form, 'tea')
  await service.rows(`update attachments set created_at = now() - interval '51 minutes' where id = $1`, [form.id])
  expect(await codeOf(confirm(alice, form.id))).toBe('NOT_FOUND')
})

test('files of a task in the trash are not found, and come back with it', async () => {
  const file = await attach(alice, id)
  const form = await begin(alice)
  await post(form, 'tea')
  await alice(tasks.remove, { params: { id } })
  const works = [
    list(),
    alice(attachments.download, { params: { id, attachmentId: file.id } }),
    begin(alice),
    confirm(alice, form.id),
    confirm(alice, file.id),
    remove(alice, file.id),
  ]
  expect(new Set(await Promise.all(works.map(codeOf)))).toEqual(new Set(['NOT_FOUND']))
  await alice(tasks.restore, { params: { id } })
  expect(await list()).toEqual([file])
})

test('a purged task and a purged project take their objects along, and the log forgets the names', async () => {
  const column = { params: { id: project.boards[0]!.id }, body: { title: 'kept' } }
  const kept = await attach(alice, (await alice(tasks.create, column)).id)
  const file = await attach(alice, id, 'tea', 'secret-name.txt')
  const keys = [await keyOf(file.id), await keyOf(kept.id)]
  await alice(tasks.remove, { params: { id } })
  await service.rows(`update tasks set deleted_at = now() - interval '31 days' where id = $1`, [id])
  await runPurge()
  await gone(keys[0]!)
  expect(JSON.stringify(await logOf())).not.toContain('secret-name')
  expect(await there(keys[1]!)).toBe(true)
  await alice(projects.remove, { params: { id: project.id } })
  await service.rows(`update projects set deleted_at = now() - interval '31 days' where id = $1`, [project.id])
  await runPurge()
  expect(await service.rows('select id from attachments where project_id = $1', [project.id])).toEqual([])
  await gone(keys[1]!)
})

test('while the store is away a confirmation is 503 and stores nothing; a deletion holds and its object goes later', async () => {
  const away = await s3World()
  const other = await boardService(s3Env(away))
  const ask = other.as(other.people.alice)
  const { boards } = await other.project()
  const task = await ask(tasks.create, { params: { id: boards[0]!.id }, body: { title: 'Tea' } })
  const file = await attach(ask, task.id)
  const form = await begin(ask, {}, task.id)
  await away.stop()
  expect(await codeOf(confirm(ask, form.id, task.id))).toBe('UNAVAILABLE')
  await ask(attachments.remove, { params: { id: task.id, attachmentId: file.id } })
  expect((await ask(tasks.get, { params: { id: task.id } })).counts.attachments).toBe(0)
  const failed = () =>
    other.rows(`select 1 from graphile_worker.jobs where task_identifier = 'objects.remove' and attempts > 0`)
  await expect.poll(async () => (await failed()).length, { timeout: 15_000 }).toBe(1)
  await other.stop()
}, 30_000)
