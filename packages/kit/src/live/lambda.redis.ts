import type { ServiceName } from '@wealist/contract/topology'
import type { Person } from '../actor.ts'
import type { Redis } from '../redis.ts'
import type { CloseCode } from './close-codes.ts'
import type { Standing } from './presence.redis.ts'
import type { Given } from './right.ts'

/** A connection of API Gateway, as Redis keeps it: no process remembers it. */
export interface Kept {
  id: string
  /** When it was made, in milliseconds. */
  at: number
  /** The path of its socket's route. */
  route: string
  given: Given
  person: Person
  /** Why it is told to go with its first frame; what is wrong with it was found before it could hear. */
  refused?: CloseCode
  /** What its right rests on, and the versions at which that was decided; missing before it was. */
  versions?: Record<string, number>
  /** How the person stands by it; online unless they said so. */
  standing?: Standing
}

/** Whose connections they are: each service has an API of its own, and what another one's may tell of them is wrong. */
export interface Registry {
  redis: Redis
  service: ServiceName
}

/** API Gateway ends every connection after two hours. */
const longest = 2 * 3_600_000
const keysOf = (service: ServiceName) => ({
  connection: (id: string) => `ws:${service}:connection:${id}`,
  topics: (id: string) => `ws:${service}:on:${id}`,
  numbers: (id: string) => `ws:${service}:numbers:${id}`,
  replays: (id: string) => `ws:${service}:replays:${id}`,
  pace: (id: string) => `ws:${service}:pace:${id}`,
  topic: (topic: string) => `ws:${service}:topic:${topic}`,
  everyone: `ws:${service}:connections`,
})

const endOf = ({ at, person }: Kept) => Math.min(person.exp * 1000, at + longest)

export const keep = async ({ redis, service }: Registry, kept: Kept) => {
  const keys = keysOf(service)
  const end = endOf(kept)
  await Promise.all([
    redis.set(keys.connection(kept.id), JSON.stringify(kept), 'PXAT', end),
    redis.zadd(keys.everyone, end, kept.id),
    redis.pexpireat(keys.everyone, end + longest),
  ])
}

export const find = async ({ redis, service }: Registry, ids: readonly string[]): Promise<(Kept | undefined)[]> => {
  const keys = keysOf(service)
  const found = await Promise.all(ids.map((id) => redis.get(keys.connection(id))))
  return found.map((text) => (text ? (JSON.parse(text) as Kept) : undefined))
}

/** The topics that a connection is on, and the epoch of each in which its client believes to be, empty where none is known. */
export const topicsOf = async ({ redis, service }: Registry, id: string) =>
  new Map(Object.entries(await redis.hgetall(keysOf(service).topics(id))))

export const join = async (parts: Registry, kept: Kept, topics: ReadonlyMap<string, string>) => {
  if (topics.size === 0) return
  const { topics: key } = keysOf(parts.service)
  await Promise.all([parts.redis.hset(key(kept.id), Object.fromEntries(topics)), list(parts, kept, topics.keys())])
}

const list = async ({ redis, service }: Registry, kept: Kept, topics: Iterable<string>) => {
  const keys = keysOf(service)
  const end = endOf(kept)
  await Promise.all([
    redis.pexpireat(keys.topics(kept.id), end),
    ...[...topics].flatMap((topic) => [
      redis.zadd(keys.topic(topic), end, kept.id),
      redis.pexpireat(keys.topic(topic), end + longest),
    ]),
  ])
}

/** Lists a connection again on its topics, for as long as it now lasts. A topic that is taken from it meanwhile stays so. */
export const repair = async (parts: Registry, kept: Kept) => {
  const { topic: key } = keysOf(parts.service)
  const before = [...(await topicsOf(parts, kept.id)).keys()]
  await list(parts, kept, before)
  const left = await topicsOf(parts, kept.id)
  const taken = before.filter((topic) => !left.has(topic))
  await Promise.all(taken.map((topic) => parts.redis.zrem(key(topic), kept.id)))
}

export const leave = async ({ redis, service }: Registry, id: string, topics: readonly string[]) => {
  const keys = keysOf(service)
  if (topics.length === 0) return
  // In this order, which `repair` rests on.
  await redis.hdel(keys.topics(id), ...topics)
  await Promise.all(topics.map((topic) => redis.zrem(keys.topic(topic), id)))
}

/** A number for a replay that begins: the highest one goes on, and those before it end. */
export const replays = async ({ redis, service }: Registry, kept: Kept, topic: string) => {
  const key = keysOf(service).replays(kept.id)
  const [mine] = await Promise.all([redis.hincrby(key, topic, 1), redis.pexpireat(key, endOf(kept))])
  return mine
}

export const replaying = async ({ redis, service }: Registry, id: string, topic: string) =>
  Number(await redis.hget(keysOf(service).replays(id), topic))

/** Forgets a connection, with the topics it was on. */
export const drop = async ({ redis, service }: Registry, id: string) => {
  const keys = keysOf(service)
  const topics = await redis.hkeys(keys.topics(id))
  await Promise.all([
    redis.del(keys.connection(id)),
    redis.del(keys.topics(id)),
    redis.del(keys.numbers(id)),
    redis.del(keys.replays(id)),
    redis.zrem(keys.everyone, id),
    ...topics.map((topic) => redis.zrem(keys.topic(topic), id)),
  ])
}

/** Who is on a topic now, 10,000 at most; those that are over are forgotten. */
export const listenersOf = async ({ redis, service }: Registry, topic: string, now: number) => {
  const key = keysOf(service).topic(topic)
  await redis.zremrangebyscore(key, '-inf', now)
  return redis.zrange(key, '0', '9999')
}

/** Every connection there is, some at a time; those that are over are forgotten. */
export const all = async ({ redis, service }: Registry, now: number) => {
  const keys = keysOf(service)
  await redis.zremrangebyscore(keys.everyone, '-inf', now)
  return redis.zrange(keys.everyone, '0', '9999')
}

/** Frames of a connection in these ten seconds, this one counted. */
export const pace = async ({ redis, service }: Registry, id: string) => {
  const keys = keysOf(service)
  const [n] = await Promise.all([redis.incr(keys.pace(id)), redis.expire(keys.pace(id), 10, 'NX')])
  return n
}

/** Which of these names a frame of this number may still change: the highest one counts, whatever overtakes it. */
export const newer = async (
  { redis, service }: Registry,
  { id, n, names }: { id: string; n: number; names: readonly string[] },
) => {
  const keys = keysOf(service)
  const known = await redis.hmget(keys.numbers(id), ...names)
  const mine = names.filter((_, i) => Number(known[i] ?? -1) <= n)
  if (mine.length > 0)
    await Promise.all([
      redis.hset(keys.numbers(id), Object.fromEntries(mine.map((name) => [name, n]))),
      redis.pexpire(keys.numbers(id), longest),
    ])
  return mine
}
