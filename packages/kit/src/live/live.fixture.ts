import { id } from '@wealist/contract/fields'
import { type Contract, route, socketRoute } from '@wealist/contract/route'
import * as z from 'zod'
import { Config } from '../config.ts'
import type { Base, Ctx } from '../context.ts'
import { forbidden } from '../errors.ts'
import { handlers } from '../mount.ts'
import { run } from '../node.ts'
import { service } from '../service.ts'
import { sql } from '../sql.ts'
import { closeCodes } from './close-codes.ts'
import { sockets, streams } from './socket.ts'

/** A service of a few statements, so that sockets are tried through the production door without any real service. */
const params = z.strictObject({ id })
const example = { params: { id: '$room' } }

export const change = route({
  method: 'POST',
  path: '/api/rooms/{id}/things',
  summary: 'Puts a value at a key',
  access: 'scoped',
  params,
  body: z.strictObject({ key: z.string(), value: z.string() }),
  response: z.object({ version: z.number() }),
  example: { ...example, body: { key: 'a', value: '1' } },
})
export const state = route({
  method: 'GET',
  path: '/api/rooms/{id}',
  summary: 'All values with their seq',
  access: 'scoped',
  params,
  response: z.object({ things: z.record(z.string(), z.string()), seq: z.number() }),
  example,
})
export const remove = route({
  method: 'DELETE',
  path: '/api/rooms/{id}/members/{userId}',
  summary: 'Removes a member',
  access: 'scoped',
  params: params.extend({ userId: id }),
  status: 204,
  example: { params: { id: '$room', userId: '$user' } },
})
export const stream = route({
  method: 'GET',
  path: '/api/rooms/{id}/stream',
  summary: 'The same as a stream',
  access: 'scoped',
  stream: true,
  params,
  query: z.strictObject({ after: z.coerce.number().optional(), ticket: z.string().optional() }),
  response: z.string(),
  media: 'text/event-stream',
  limit: 'none',
  example,
})
export const live = socketRoute({
  path: '/ws/rooms/{id}',
  summary: 'Every change of a room',
  params,
  incoming: z.strictObject({ type: z.literal('typing'), payload: z.strictObject({}) }),
  outgoing: z.unknown(),
  example,
})
export const many = socketRoute({
  path: '/ws/rooms/many',
  summary: 'Every change of many rooms',
  params: z.strictObject({}),
  query: z.strictObject({ workspaceId: id }),
  incoming: z.strictObject({ type: z.literal('where'), payload: z.strictObject({ roomId: id }) }),
  outgoing: z.unknown(),
  example: { params: {} },
})
export const contract: Contract = { rooms: { change, state, remove, stream, live, many } }

const open = async (_: z.output<typeof Config>, { db }: Base) => {
  await db.run(
    sql`create table if not exists things (room uuid, key text, value text not null, version int not null, primary key (room, key))`,
  )
  await db.run(sql`create table if not exists leavers (room uuid, user_id uuid, primary key (room, user_id))`)
  return {}
}
type Deps = Awaited<ReturnType<typeof open>>
const on = handlers<Deps>()
const topicOf = (room: string) => `room:${room}`

const protocol = {
  topic: (given: { id: string }) => topicOf(given.id),
  authorise: async (ctx: Ctx<Deps>, given: { id: string }) => {
    const left = await ctx.db.row(sql`select from leavers where room = ${given.id} and user_id = ${ctx.actor.id}`)
    if (left) throw forbidden()
    return { workspaces: [given.id] }
  },
  endings: ({ type, text }: { type: string; text: string }) => {
    if (type !== 'member.removed') return undefined
    const { payload } = JSON.parse(text) as { payload: { userId: string } }
    return (person: { id: string }) => (person.id === payload.userId ? closeCodes.forbidden : undefined)
  },
}
const roomSocket = sockets<Deps>()(live, {
  ...protocol,
  message: async (ctx) => ctx.live.say(topicOf('00000000-0000-7000-8000-000000000000'), 'typing', { by: ctx.actor.id }),
})

const manyRooms = sockets<Deps>()(many, {
  topic: (_, person) => `user:${person.id}`,
  authorise: async (_, { workspaceId }) => ({ workspaces: [workspaceId] }),
  presence: { place: ({ workspaceId }) => `presence:${workspaceId}` },
  rooms: {
    key: 'roomId',
    name: id,
    prefix: topicOf(''),
    authorise: async (ctx, _, names) => {
      const left = await ctx.db.rows<{ room: string }>(
        sql`select room from leavers where room = any(${names}::uuid[]) and user_id = ${ctx.actor.id}`,
      )
      return names.filter((name) => !left.some(({ room }) => room === name))
    },
    endings: protocol.endings,
  },
  message: async (_, { payload: { roomId } }, { given, has, send }) =>
    send('where', { roomId, workspaceId: given.workspaceId, mine: has(roomId) }),
})

export const rooms = service({
  name: 'board',
  contract,
  config: Config,
  open,
  features: [
    [
      on(change, (ctx, { params: { id: room }, body }) =>
        ctx.tx(async (tx) => {
          const thing = await tx.row<{ key: string; value: string; version: number }>(sql`
            insert into things (room, key, value, version) values (${room}, ${body.key}, ${body.value}, 1)
            on conflict (room, key) do update set value = excluded.value, version = things.version + 1 returning key, value, version`)
          tx.emit(topicOf(room), 'thing.changed', thing!)
          return { version: thing!.version }
        }),
      ),
      on(state, async (ctx, { params: { id: room } }) =>
        ctx.db.row<{ things: Record<string, string>; seq: number }>(sql`
          select coalesce((select json_object_agg(key, value) from things where room = ${room}), '{}') as things,
            coalesce((select head from kit.heads where topic = ${topicOf(room)}), 0) as seq`),
      ),
      on(remove, (ctx, { params: { id: room, userId } }) =>
        ctx.tx(async (tx) => {
          await tx.run(sql`insert into leavers values (${room}, ${userId}) on conflict do nothing`)
          tx.emit(topicOf(room), 'member.removed', { userId })
          return undefined
        }),
      ),
      on(stream, (ctx, { params: given, query }) =>
        ctx.live.stream(ctx, { socket: roomStream, params: given, from: { after: query.after } }),
      ),
    ],
  ],
  sockets: [roomSocket, manyRooms],
})
const roomStream = streams<Deps>()(stream, protocol as never)

// As a process of its own: says its port, and lives until it is killed.
if (process.argv[1] === import.meta.filename) {
  const { port } = await run(rooms, process.env)
  process.stdout.write(`${port}\n`)
}
