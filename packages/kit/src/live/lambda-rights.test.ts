import { openSocket } from '@wealist/dev/testing/chat-socket'
import { asProcesses, startLambdas } from '@wealist/dev/testing/lambda-sockets'
import { level, logTo } from '@wealist/dev/testing/log'
import { type Asker, oneService, type OneService } from '@wealist/dev/testing/one-service'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '../ids.ts'
import { lambdaSocket } from '../lambda-socket.ts'
import { publishMembership } from '../membership.publish.ts'
import type { Redis } from '../redis.ts'
import { sessionKey } from '../revocations.redis.ts'
import { tokenIdAt } from '../token-time.ts'
import type { ServiceSpec } from '../service.ts'
import { openTickets } from '../tickets.ts'
import { change, rooms } from './live.fixture.ts'

const spec = rooms as unknown as ServiceSpec

// Its functions are this process: what the built ones are made of is a real service.
describe.skipIf(asProcesses)('behind API Gateway', () => {
  let service: OneService<object>
  let functions: Awaited<ReturnType<typeof startLambdas>>
  let redis: Redis
  /** The minute's schedule, by a function of its own. */
  let sweep: () => Promise<unknown>

  beforeAll(async () => {
    service = await oneService(rooms)
    ;({ redis } = service.running.base)
    functions = await startLambdas('board', spec, service.running.base.config)
    const { host, pathname } = new URL(functions.socketUrl('/'))
    const env = { ...service.environment, LOG_LEVEL: level, WEBSOCKET_API_URL: `http://${host}${pathname}` }
    const scheduled = lambdaSocket(spec, env, { logTo })
    sweep = () => scheduled({})
  })
  afterAll(async () => {
    await functions.stop()
    await service.stop()
  })

  const ann = () => ({ id: newId() })
  /** A version that is known: without one, every event has the right decided. */
  const version = (workspaceId: string, to: number) => publishMembership(redis, { workspaceId, version: to })
  const inOne = async (room: string, who: Asker = ann()) => {
    await version(room, 1)
    const socket = await openSocket(functions.socketUrl(`/ws/rooms/${room}`), service.headersOf(who))
    socket.send('resume', {})
    await socket.type('ready', patience)
    return socket
  }
  const inMany = async (workspaceId: string, names: readonly string[], who: Asker) => {
    await version(workspaceId, 1)
    const path = `/ws/rooms/many?workspaceId=${workspaceId}`
    const socket = await openSocket(functions.socketUrl(path), service.headersOf(who))
    socket.send('resume', {})
    await socket.type('ready', patience)
    socket.send('subscribe', { n: 1, topics: names.map((roomId) => ({ roomId })) })
    for (const name of names) await socket.next((f) => f.type === 'ready' && f.payload['roomId'] === name, patience)
    return socket
  }
  const put = (room: string, value: string) =>
    service.at(functions.url).as(ann())(change, { params: { id: room }, body: { key: 'a', value } })
  /** Takes the right away and tells nobody, as a function does that ends between its commit and its posts. */
  const takeAway = (room: string, { id }: Asker) =>
    service.running.base.db.pool.query('insert into leavers values ($1, $2)', [room, id])
  const lostOf = ({ heard }: Awaited<ReturnType<typeof inOne>>) =>
    heard.filter((f) => f.type === 'removed').map((f) => f.payload['roomId'])

  test('a right whose loss nobody was told of ends with the minute: the socket of one room, of many that room alone', async () => {
    const [lost, other, who] = [newId(), newId(), ann()]
    const [one, many] = [await inOne(lost, who), await inMany(newId(), [lost, other], who)]
    const witness = await inOne(lost)
    await takeAway(lost, who)
    await sweep()
    expect(await one.closed(patience)).toBe(4403)
    await many.type('removed', patience)
    expect(lostOf(many)).toEqual([lost])
    await put(lost, 'for those who are left')
    await put(other, 'for all')
    await many.next((f) => JSON.stringify(f).includes('for all'), patience)
    await witness.next((f) => JSON.stringify(f).includes('for those who are left'), patience)
    expect(JSON.stringify([one.heard, many.heard])).not.toContain('for those who are left')
    for (const socket of [many, witness]) socket.close()
  })

  test('what cannot be decided at that minute stays as it is, and is decided in the next', async () => {
    const [room, who] = [newId(), ann()]
    const [one, many] = [await inOne(room, who), await inMany(newId(), [room], who)]
    const { pool } = service.running.base.db
    await takeAway(room, who)
    await pool.query('alter table leavers rename to away')
    await sweep()
    await pool.query('alter table away rename to leavers')
    await put(room, 'meanwhile')
    for (const socket of [one, many]) await socket.type('thing.changed', patience)
    await sweep()
    expect(await one.closed(patience)).toBe(4403)
    await many.type('removed', patience)
    many.close()
  })

  test('who sees no change keeps socket and rooms, however often the minute comes; one told to go waits for its first frame', async () => {
    const [room, who] = [newId(), ann()]
    const [one, many] = [await inOne(room, who), await inMany(newId(), [room], who)]
    const nowhere = await openSocket(functions.socketUrl('/ws/nowhere'), service.headersOf(who))
    for (let i = 0; i < 3; i++) await sweep()
    await put(room, 'still here')
    for (const socket of [one, many]) await socket.type('thing.changed', patience)
    expect([one.code, many.code, lostOf(many)]).toEqual([undefined, undefined, []])
    nowhere.send('resume', {})
    expect(await nowhere.closed(patience)).toBe(4404)
    for (const socket of [one, many]) socket.close()
  })

  test('a change of the workspace has every room of a connection decided with the next event of any', async () => {
    const [workspaceId, busy, lost, who] = [newId(), newId(), newId(), ann()]
    const many = await inMany(workspaceId, [busy, lost], who)
    await takeAway(lost, who)
    await version(workspaceId, 2)
    await put(busy, 'one')
    await put(lost, 'not for them')
    await put(busy, 'two')
    await many.next((f) => JSON.stringify(f).includes('two'), patience)
    expect(lostOf(many)).toEqual([lost])
    expect(JSON.stringify(many.heard)).not.toContain('not for them')
    many.close()
  })

  test.each(['renew', 'subscribe'])('a %s after such a change leaves no room undecided', async (type) => {
    const [workspaceId, lost, who] = [newId(), newId(), ann()]
    const many = await inMany(workspaceId, [lost], who)
    await takeAway(lost, who)
    await version(workspaceId, 2)
    const more = newId()
    many.send(type, type === 'renew' ? { ticket: await ticketOf(who) } : { n: 2, topics: [{ roomId: more }] })
    await many.next((f) => f.type === 'renewed' || f.payload['roomId'] === more, patience)
    await put(lost, 'not for them')
    many.send('ping')
    await many.type('pong', patience)
    expect(lostOf(many)).toEqual([lost])
    expect(JSON.stringify(many.heard)).not.toContain('not for them')
    many.close()
  })
  const ticketOf = async ({ id }: Asker) => {
    const iat = Math.floor(Date.now() / 1000)
    const person = { kind: 'person', id, email: 'ann@example.com', name: 'Ann', role: 'user', sid: newId() } as const
    await redis.hset(sessionKey(id, person.sid), 'current', 'hash')
    const tickets = openTickets({ redis, revocations: { confirmed: () => true }, clock: Date })
    return tickets.issueTicket({ ...person, jti: tokenIdAt(Date.now()), iat, exp: iat + 900 })
  }
})

/** Milliseconds that something is waited for, on a machine that is busy. */
const patience = 20_000
