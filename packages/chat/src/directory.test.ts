import { messages, participants, rooms } from '@wealist/contract/chat'
import { codeOf } from '@wealist/dev/testing/board-service'
import { type ChatService, chatService } from '@wealist/dev/testing/chat-service'
import { newId } from '@wealist/kit/ids'
import { sql } from '@wealist/kit/sql'
import type { Tx } from '@wealist/kit/tx'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { endRooms, follow, leaveRooms } from './directory.ts'

let service: ChatService
beforeAll(async () => void (service = await chatService()))
afterAll(() => service.stop())

type Guest = { id: string; name: string }
const guest = async (name: string, of = service.workspaceId): Promise<Guest> => {
  const person = { id: newId(), name }
  await service.setMember(person.id, 'member', of)
  return person
}
const begin = (who: Guest, other: Guest, workspaceId = service.workspaceId) =>
  service.as(who)(rooms.create, { body: { workspaceId, type: 'direct', participantIds: [other.id] } })
const follows = (type: 'person.deleted', payload: { userId: string }) =>
  service.running.base.db.tx((tx) => follow(tx, { seq: 1, type, payload, timestamp: new Date().toISOString() }))
const leaves = async (who: Guest) => {
  await service.setMember(who.id, null)
  await service.followDirectory()
}
/** An account that ends is out of its workspaces first. */
const goes = async (who: Guest) => {
  await leaves(who)
  await follows('person.deleted', { userId: who.id })
}
const living = async (id: string) =>
  (await service.rows('select from rooms where id = $1 and deleted_at is null', [id])).length === 1

/** What `make` stores at the moment in which it is too late: it holds all but its commit while `meanwhile` is done. */
const during = async <T>(make: () => Promise<T>, topic: string, meanwhile: () => Promise<unknown>) => {
  const holder = await service.running.base.db.pool.connect()
  await holder.query('begin')
  await holder.query('insert into kit.heads (topic) values ($1) on conflict do nothing', [topic])
  await holder.query('select from kit.heads where topic = $1 for update', [topic])
  const made = make()
  await waits(1)
  await meanwhile()
  await holder.query('commit')
  holder.release()
  return made
}
/** So many wait for what another one has. */
const waits = async (n: number) =>
  await expect
    .poll(() =>
      service.rows(`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`),
    )
    .toHaveLength(n)
/** Lets the second pass come at once; it is not before everything that was under way is over. */
const secondPass = (task: string) =>
  service.rows(
    `update graphile_worker._private_jobs j set run_at = now() from graphile_worker._private_tasks t
      where t.id = j.task_id and t.identifier = $1 and j.run_at > now() + interval '45 seconds' returning j.id`,
    [task],
  )

test.each(['group', 'direct'] as const)(
  'a %s room that was being made while its workspace was deleted ends, too',
  async (type) => {
    const workspaceId = newId()
    const [ann, ben] = [await guest('Ann', workspaceId), await guest('Ben', workspaceId)]
    const group = { workspaceId, type: 'group' as const, name: 'Late', participantIds: [ben.id] }
    const make = () =>
      type === 'direct' ? begin(ann, ben, workspaceId) : service.as(ann)(rooms.create, { body: group })
    const { id } = await during(make, `user:${ben.id}`, async () => {
      service.workspaces.deleteWorkspace(workspaceId)
      await service.followDirectory()
    })
    expect(await living(id)).toBe(true)
    await expect.poll(() => secondPass('workspace.end')).toHaveLength(1)
    await expect.poll(() => living(id)).toBe(false)
  },
)

test.each(['group', 'direct'] as const)(
  'whoever comes into a %s room at the moment in which it ends is out of it, and hears so last',
  async (type) => {
    const workspaceId = newId()
    const [ann, ben] = [await guest('Ann', workspaceId), await guest('Ben', workspaceId)]
    const { id } =
      type === 'direct'
        ? await begin(ann, ben, workspaceId)
        : await service.as(ann)(rooms.create, { body: { workspaceId, type, name: 'Tea', participantIds: [] } })
    if (type === 'direct') {
      await service.setMember(ben.id, null, workspaceId)
      await service.followDirectory()
      await service.setMember(ben.id, 'member', workspaceId)
    }
    const comes = (): Promise<unknown> =>
      type === 'direct'
        ? begin(ann, ben, workspaceId)
        : service.as(ann)(participants.add, { params: { id }, body: { userId: ben.id } })
    let ended: Promise<unknown> | undefined
    await during(comes, `user:${ben.id}`, async () => {
      service.workspaces.deleteWorkspace(workspaceId)
      ended = service.followDirectory()
      await waits(2)
    })
    await ended
    expect(await living(id)).toBe(false)
    expect(await service.rows('select from participants where room_id = $1', [id])).toEqual([])
    const heard = await service.rows<{ type: string }>('select type from kit.events where topic = $1 order by seq', [
      `user:${ben.id}`,
    ])
    expect(heard.slice(-2).map((e) => e.type)).toEqual(['room.added', 'room.removed'])
  },
)

test('somebody who was being brought into a room while their account ended is out of it, too', async () => {
  const [ann, ben] = [await guest('Ann'), await guest('Ben')]
  const { id } = await during(
    () => begin(ann, ben),
    `user:${ben.id}`,
    () => goes(ben),
  )
  const there = () => service.rows<{ user_id: string }>('select user_id from participants where room_id = $1', [id])
  expect(await there()).toHaveLength(2)
  await expect.poll(() => secondPass('rooms.leave')).toHaveLength(1)
  await expect.poll(there).toEqual([{ user_id: ann.id }])
})

test('a direct room ends with the accounts of both, in whatever order they go, and not before', async () => {
  const [ann, ben, cid] = [await guest('Ann'), await guest('Ben'), await guest('Cid')]
  const [first, second] = [await begin(ann, ben), await begin(cid, ann)]
  await goes(ann)
  expect(await service.as(ben)(messages.list, { params: { id: first.id }, query: {} })).toMatchObject({ items: [] })
  await leaves(cid)
  await goes(ben)
  expect([await living(first.id), await living(second.id)]).toEqual([false, true])
  await goes(cid)
  expect(await living(second.id)).toBe(false)
  const ended = await service.rows("select from kit.events where topic = $1 and type = 'room.deleted'", [
    `room:${first.id}`,
  ])
  expect(ended).toHaveLength(1)
})

test('two who have only left the workspace find their direct room again', async () => {
  const [ann, ben] = [await guest('Ann'), await guest('Ben')]
  const { id } = await begin(ann, ben)
  const said = await service.say(ann, id, 'see you')
  for (const who of [ann, ben]) await leaves(who)
  expect(await codeOf(service.as(ann)(rooms.get, { params: { id } }))).toBe('NOT_FOUND')
  for (const { id: userId } of [ann, ben]) await service.setMember(userId, 'member')
  expect((await begin(ben, ann)).id).toBe(id)
  const { items } = await service.as(ann)(messages.list, { params: { id }, query: {} })
  expect(items.map((m) => m.id)).toEqual([said.id])
})

/** Rooms with so many people each, of whom one is in all of them. */
const large = async (sizes: readonly number[]) => {
  const [workspaceId, userId] = [newId(), newId()]
  await service.rows(
    `with made as (
      insert into rooms (id, workspace_id, type, name, created_by) select gen_random_uuid(), $1, 'group', size, $2
      from unnest($3::text[]) size returning id, name)
    insert into participants (room_id, user_id, workspace_id, role)
    select id, case when n = 1 then $2::uuid else gen_random_uuid() end, $1, 'admin' from made cross join generate_series(1, name::int) n`,
    [workspaceId, userId, sizes],
  )
  return { workspaceId, userId }
}
/** Into a room of now, before a job goes on with those of then. */
const comeBack = (tx: Tx, { workspaceId, userId }: { workspaceId: string; userId: string }) =>
  tx.run(sql`with room as (
      insert into rooms (id, workspace_id, type, name, created_by)
      values (gen_random_uuid(), ${workspaceId}, 'group', 'later', ${userId}) returning id)
    insert into participants (room_id, user_id, workspace_id, role, joined_at)
    select id, ${userId}, ${workspaceId}, 'member', now() + interval '1 second' from room`)
/** People of the rooms that each transaction took, of which there was but the first, and jobs. */
const inTurn = async (what: string, of: string) =>
  (
    await service.rows<{ people: number }>(
      `select sum(name::int)::int as people from ${what} group by at order by people desc`,
      [of],
    )
  ).map(({ people }) => people)

test.each([
  ['rooms of 1,000', Array<number>(12).fill(1000), [5000, 5000, 2000]],
  ['a room that is larger than any', [5001, 2], [5001, 2]],
])('of %s a workspace’s end, and who leaves, take some at a time until all are done', async (_, sizes, taken) => {
  const [ending, left] = [await large(sizes), await large(sizes)]
  const { db } = service.running.base
  await db.tx((tx) => endRooms(tx, ending))
  const ended = () =>
    inTurn(
      '(select name, deleted_at as at from rooms where workspace_id = $1 and deleted_at is not null) r',
      ending.workspaceId,
    )
  await expect.poll(ended, { timeout: 10_000 }).toEqual(taken)
  await db.tx(async (tx) => {
    await leaveRooms(tx, left)
    await comeBack(tx, left)
  })
  const gone = () =>
    inTurn(
      `(select name, at from kit.events e join rooms r on e.topic = 'room:' || r.id where e.type = 'participant.removed' and r.workspace_id = $1) r`,
      left.workspaceId,
    )
  await expect.poll(gone, { timeout: 10_000 }).toEqual(taken)
  const still = 'select name from participants join rooms r on r.id = room_id where user_id = $1'
  expect(await service.rows(still, [left.userId])).toEqual([{ name: 'later' }])
})
