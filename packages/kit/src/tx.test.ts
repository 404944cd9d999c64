import { cloneDatabase, type TestDatabase } from '@wealist/dev/testing/clone'
import { testLog } from '@wealist/dev/testing/log'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Db, openDb } from './db.ts'
import { newId } from './ids.ts'
import { type Sql, sql } from './sql.ts'
import type { Commit } from './tx.ts'

let database: TestDatabase
let db: Db
const commits: Commit[] = []
const log = testLog()

beforeAll(async () => {
  database = await cloneDatabase('chat', undefined)
  db = openDb({ url: database.url, max: 20, log, onCommit: (commit) => commits.push(commit) })
  await db.run(sql`create table rows (id uuid primary key)`)
})
afterAll(async () => {
  await db.close()
  await database.drop()
})

const logOf = (topic: string) =>
  db.rows<{ seq: number; payload: string | null; type: string; actor: string | null }>(
    sql`select seq, type, payload, actor_id as actor from kit.events where topic = ${topic} order by seq`,
  )
const headOf = async (topic: string) =>
  (await db.row<{ head: number }>(sql`select head from kit.heads where topic = ${topic}`))?.head

test('50 transactions at once on one topic get one dense sequence, in the order of their commits', async () => {
  const topic = `project:${newId()}`
  commits.length = 0
  await Promise.all(
    Array.from({ length: 50 }, (_, n) =>
      db.tx(async (tx) => {
        await tx.run(sql`insert into rows (id) values (${newId()})`)
        tx.emit(topic, 'x', { n })
        if (n % 2) tx.emit(topic, 'y', { n })
      }),
    ),
  )
  const rows = await logOf(topic)
  expect(rows.map((r) => r.seq)).toEqual(Array.from({ length: 75 }, (_, i) => i + 1))
  expect(await headOf(topic)).toBe(75)
  expect(commits.flatMap((c) => c.events.map((e) => e.seq))).toHaveLength(75)
  const twice = rows.filter((r) => r.type === 'y')
  for (const { seq, payload } of twice) expect(rows[seq - 2]).toMatchObject({ type: 'x', payload })
})

test('a transaction that rolls back leaves no hole, no event and no job', async () => {
  const topic = `project:${newId()}`
  const outcomes = await Promise.allSettled(
    Array.from({ length: 20 }, (_, n) =>
      db.tx(async (tx) => {
        tx.emit(topic, 'x', { n })
        tx.addJob('work', { n }, { key: topic })
        if (n % 3 === 0) await tx.run(sql`select 1/0`)
        if (n % 3 === 1) throw new Error('refused')
      }),
    ),
  )
  expect(outcomes.filter((o) => o.status === 'fulfilled')).toHaveLength(6)
  expect((await logOf(topic)).map((r) => r.seq)).toEqual([1, 2, 3, 4, 5, 6])
  expect(await db.run(sql`select from kit.outbox where job_key = ${topic}`)).toBe(6)
})

test('several topics in one transaction each get their own sequence, and opposite orders do not deadlock', async () => {
  const [a, b, c] = [`user:a${newId()}`, `user:b${newId()}`, `user:c${newId()}`]
  const orders = [
    [a, b, c],
    [c, b, a],
    [b, a, a],
  ]
  await Promise.all(
    Array.from({ length: 30 }, (_, n) =>
      db.tx(async (tx) => orders[n % 3]!.forEach((topic) => tx.emit(topic, 'x', { n }))),
    ),
  )
  expect([await headOf(a), await headOf(b), await headOf(c)]).toEqual([40, 30, 20])
  for (const [topic, n] of [
    [a, 40],
    [b, 30],
    [c, 20],
  ] as const)
    expect((await logOf(topic)).map((r) => r.seq)).toEqual(Array.from({ length: n }, (_, i) => i + 1))
})

test('who holds topics first reads what their logs say so far, in whatever order they are named; no head moves by it', async () => {
  const [a, b, quiet] = [`user:a${newId()}`, `user:b${newId()}`, `user:c${newId()}`]
  await db.run(sql`create table told (topic text)`)
  await Promise.all(
    Array.from({ length: 30 }, (_, n) =>
      db.tx(async (tx) => {
        await tx.hold(n % 2 ? [a, b, quiet] : [quiet, b, a])
        const rows = await tx.rows<{ topic: string }>(sql`select topic from told`)
        await tx.run(sql`insert into told (topic) select unnest(${[a, b]}::text[])`)
        for (const topic of [a, b]) tx.emit(topic, 'x', { before: rows.filter((r) => r.topic === topic).length })
      }),
    ),
  )
  for (const topic of [a, b])
    expect((await logOf(topic)).map((r) => r.payload)).toEqual(Array.from({ length: 30 }, (_, i) => `{"before":${i}}`))
  expect(await headOf(quiet)).toBe(0)
})

test('a commit tells its events as the log holds them', async () => {
  const topic = `room:${newId()}`
  const actorId = newId()
  commits.length = 0
  await db.tx(
    async (tx) => {
      tx.emit(topic, 'first', { text: "it's" })
      tx.actAs(null)
      tx.emit(topic, 'second', {})
    },
    { actorId },
  )
  const timestamp = expect.stringMatching(/^\d{4}-.*\+00:00$/)
  expect(commits).toEqual([
    {
      jobs: false,
      events: [
        { topic, seq: 1, type: 'first', payload: `{"text":"it's"}`, actorId, timestamp },
        { topic, seq: 2, type: 'second', payload: '{}', actorId: null, timestamp },
      ],
    },
  ])
})

test('what is erased leaves its seqs and no payload', async () => {
  const topic = `room:${newId()}`
  const subject = newId()
  await db.tx(async (tx) => {
    tx.emit(topic, 'created', { text: 'secret' }, subject)
    tx.emit(topic, 'created', { text: 'other' }, newId())
  })
  await db.tx(async (tx) => {
    await tx.erase(topic, [newId(), subject])
    tx.emit(topic, 'deleted', { id: subject }, subject)
  })
  expect((await logOf(topic)).map((r) => r.payload)).toEqual([null, '{"text":"other"}', `{"id":"${subject}"}`])
})

test('a row that holds its own seq gets the one of its event, 30 at once and one that fails among them', async () => {
  const topic = `room:${newId()}`
  await db.run(sql`create table said (id uuid primary key, seq bigint not null)`)
  const taken = newId()
  let n = 0
  const say = (id: string) =>
    db.tx((tx) =>
      tx.append<{ id: string; seq: number }>({
        ...{ topic, type: 'message', subject: id, last: n++ % 2 === 1 },
        row: (seq) => sql`insert into said (id, seq) values (${id}, ${seq}) returning id, seq`,
      }),
    )
  commits.length = 0
  const first = await say(taken)
  expect(JSON.parse(first.text)).toEqual({ id: taken, seq: 1 })
  const outcomes = await Promise.allSettled(Array.from({ length: 31 }, (_, n) => say(n === 9 ? taken : newId())))
  expect(outcomes.filter((o) => o.status === 'rejected')).toHaveLength(1)
  const rows = await db.rows<{ id: string; seq: number }>(sql`select id, seq from said order by seq`)
  const log = await logOf(topic)
  expect(log.map((e) => ({ seq: e.seq, ...(JSON.parse(e.payload!) as object) }))).toEqual(rows)
  expect(rows.map((r) => r.seq)).toEqual(Array.from({ length: 31 }, (_, i) => i + 1))
  expect(commits.flatMap((c) => c.events.map((e) => e.seq)).toSorted((a, b) => a - b)).toEqual(rows.map((r) => r.seq))
  for (const last of [false, true])
    await expect(
      db.tx((tx) => tx.append({ topic, type: 'x', subject: taken, row: () => sql`select 1 as id where false`, last })),
    ).rejects.toThrow('null value in column "seq"')
  expect(await headOf(topic)).toBe(31)
})

test('what is appended last is committed with it: its jobs are kept, nothing can follow, and what comes before `commit` sees it open', async () => {
  const topic = `room:${newId()}`
  const said = (last: boolean) => ({
    ...{ topic, type: 'message', subject: newId(), last },
    row: (seq: Sql) => sql`select ${seq}::bigint as seq`,
  })
  commits.length = 0
  await expect(
    db.tx(async (tx) => {
      tx.addJob('before', { topic })
      await tx.append(said(true))
      tx.addJob('after', { topic })
    }),
  ).rejects.toThrow('this transaction has ended')
  const jobs = () => db.rows(sql`select task from kit.outbox where payload ->> 'topic' = ${topic}`)
  expect(await jobs()).toEqual([{ task: 'before' }])
  expect(await headOf(topic)).toBe(1)
  const seen: unknown[] = []
  await db.tx((tx) => tx.append(said(true)), {
    before: async (tx, answer) => {
      seen.push(answer.parse())
      tx.addJob('kept', { topic })
    },
  })
  expect(seen).toEqual([{ seq: 2 }])
  expect(await jobs()).toEqual([{ task: 'before' }, { task: 'kept' }])
  expect((await logOf(topic)).map((e) => e.payload)).toEqual(['{"seq":1}', '{"seq":2}'])
})

test('rows of many topics at once, among others added one by one, are dense in each and in the order of their ids', async () => {
  await db.run(sql`create table posts (id uuid primary key, topic text not null, seq bigint not null)`)
  const topics = Array.from({ length: 3 }, () => `room:${newId()}`)
  const rows = (placed: Sql) =>
    sql`insert into posts as p (id, topic, seq) select subject, topic, seq from ${placed} returning p.id, p.seq`
  const jobs = (placed: Sql) =>
    sql`select 'count', '{}'::json, topic, now() from (select distinct topic from ${placed}) p`
  const post = (ids: readonly string[]) =>
    db.tx((tx) =>
      tx.appendAll({
        type: 'post',
        asked: sql`select t.id as subject, (${topics}::text[])[1 + t.n % 3] as topic, t.id as actor_id
          from unnest(${ids}::uuid[]) with ordinality as t(id, n) where not exists (select from posts where id = t.id) order by t.n desc`,
        ...{ rows, jobs },
      }),
    )
  const one = (topic: string) => {
    const subject = newId()
    const row = (seq: Sql) =>
      sql`insert into posts (id, topic, seq) values (${subject}, ${topic}, ${seq}) returning id, seq`
    return db.tx((tx) => tx.append({ topic, type: 'post', subject, row, last: true }))
  }
  commits.length = 0
  const batches = Array.from({ length: 6 }, () => Array.from({ length: 10 }, newId))
  const [stored] = await Promise.all([...batches.map(post), ...topics.map(one), ...topics.map(one)] as const)
  expect((stored as { subject: string }[]).map((e) => e.subject).toSorted()).toEqual(batches[0])
  expect(await post(batches[1]!)).toEqual([])
  expect(await db.rows(sql`select payload, job_key as key from kit.outbox where task = 'count'`)).toHaveLength(18)
  const all = await db.rows<{ id: string; topic: string; seq: number }>(
    sql`select id, topic, seq from posts order by seq`,
  )
  expect(all).toHaveLength(66)
  for (const topic of topics) {
    const mine = all.filter((row) => row.topic === topic)
    expect(mine.map((row) => row.seq)).toEqual(Array.from({ length: mine.length }, (_, i) => i + 1))
    const log = await logOf(topic)
    expect(log.map((e) => JSON.parse(e.payload!) as object)).toEqual(mine.map(({ id, seq }) => ({ id, seq })))
    expect(await headOf(topic)).toBe(mine.length)
    for (const ids of batches) {
      const batch = mine.map((row) => row.id).filter((id) => ids.includes(id))
      expect(batch).toEqual(batch.toSorted())
    }
  }
  const told = commits.flatMap((c) => c.events.map((e) => `${e.topic} ${e.seq}`))
  expect(told.toSorted()).toEqual(all.map((row) => `${row.topic} ${row.seq}`).toSorted())
})

test('whoever is in a hurry waits for a lock as long as it said, and is not run again', async () => {
  const topic = `room:${newId()}`
  let runs = 0
  await db.tx(async (holding) => {
    await holding.hold([topic])
    const begun = performance.now()
    const hurried = db.tx(
      async (tx) => {
        runs++
        await tx.hold([topic])
      },
      { hurry: 50 },
    )
    await expect(hurried).rejects.toThrow('busy or away')
    expect(performance.now() - begun).toBeLessThan(1500)
  })
  expect(runs).toBe(1)
  await db.tx(async (tx) => tx.hold([topic]))
})

test('a row that was asked for and not inserted leaves no hole in a log: nothing of the transaction is', async () => {
  const topic = `room:${newId()}`
  const asked = sql`select ${newId()}::uuid as subject, ${topic} as topic, null::uuid as actor_id`
  const rows = () => sql`select ${newId()}::uuid as id`
  const jobs = () => sql`select 'x', '{}'::json, null, null::timestamptz where false`
  await db.tx(async (tx) => tx.emit(topic, 'first', {}))
  await expect(db.tx((tx) => tx.appendAll({ type: 'x', asked, rows, jobs }))).rejects.toThrow(
    'null value in column "seq"',
  )
  expect([await headOf(topic), (await logOf(topic)).length]).toEqual([1, 1])
})

test('a commit that cannot be sent leaves no transaction open on its connection', async () => {
  const one = openDb({ url: database.url, max: 1, log })
  const topic = `room:${newId()}`
  const failed = one.tx(async (tx) => {
    tx.emit(topic, 'x', {})
    tx.addJob('never', {}, { runAt: new Date(Number.NaN) })
    await tx.run(sql`select 1`)
  })
  await expect(failed).rejects.toThrow(RangeError)
  await one.run(sql`insert into kit.heads (topic, head) values (${topic}, 7)`)
  expect(await headOf(topic)).toBe(7)
  await one.close()
})

test('a branch that appends last after its transaction failed ends nothing', async () => {
  const one = openDb({ url: database.url, max: 1, log })
  const topic = `room:${newId()}`
  let late: Promise<unknown> = Promise.resolve()
  const failed = one.tx(async (tx) => {
    late = new Promise((resolve) => setTimeout(resolve, 100)).then(() =>
      tx.append({ topic, type: 'x', subject: newId(), row: (seq) => sql`select ${seq}::bigint as seq`, last: true }),
    )
    late.catch(() => undefined)
    await tx.run(sql`select 1`)
    throw new Error('refused')
  })
  await expect(failed).rejects.toThrow('refused')
  const other = one.tx(async (tx) => {
    tx.emit(topic, 'other', {})
    await tx.run(sql`select pg_sleep(0.3)`)
    throw new Error('refused, too')
  })
  await expect(other).rejects.toThrow('refused, too')
  await expect(late).rejects.toThrow('this transaction has ended')
  expect(await logOf(topic)).toEqual([])
  await one.close()
})
