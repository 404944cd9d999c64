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

/** API Gateway ends every connection after two hours. */
const longest = 2 * 3_600_000
const connKey = (id: string) => `ws:connection:${id}`
const topicsKey = (id: string) => `ws:topics:${id}`
const numbersKey = (id: string) => `ws:numbers:${id}`
const paceKey = (id: string) => `ws:pace:${id}`
const topicKey = (topic: string) => `ws:topic:${topic}`
const everyone = 'ws:connections'

const endOf = ({ at, person }: Kept) => Math.min(person.exp * 1000, at + longest)

export const keep = async (redis: Redis, kept: Kept) => {
  const end = endOf(kept)
  await Promise.all([
    redis.set(connKey(kept.id), JSON.stringify(kept), 'PXAT', end),
    redis.zadd(everyone, end, kept.id),
    redis.pexpireat(everyone, end + longest),
  ])
}

export const find = async (redis: Redis, ids: readonly string[]): Promise<(Kept | undefined)[]> => {
  const found = await Promise.all(ids.map((id) => redis.get(connKey(id))))
  return found.map((text) => (text ? (JSON.parse(text) as Kept) : undefined))
}

/** The topics that a connection is on. */
export const topicsOf = async (redis: Redis, id: string) => new Set(await redis.smembers(topicsKey(id)))

export const join = async (redis: Redis, kept: Kept, topics: readonly string[]) => {
  if (topics.length === 0) return
  const end = endOf(kept)
  await Promise.all([
    redis.sadd(topicsKey(kept.id), ...topics),
    redis.pexpireat(topicsKey(kept.id), end),
    ...topics.flatMap((topic) => [
      redis.zadd(topicKey(topic), end, kept.id),
      redis.pexpireat(topicKey(topic), end + longest),
    ]),
  ])
}

export const leave = async (redis: Redis, id: string, topics: readonly string[]) => {
  if (topics.length === 0) return
  await Promise.all([redis.srem(topicsKey(id), ...topics), ...topics.map((topic) => redis.zrem(topicKey(topic), id))])
}

/** Forgets a connection, with the topics it was on. */
export const drop = async (redis: Redis, id: string) => {
  const topics = await redis.smembers(topicsKey(id))
  await Promise.all([
    redis.del(connKey(id)),
    redis.del(topicsKey(id)),
    redis.del(numbersKey(id)),
    redis.zrem(everyone, id),
    ...topics.map((topic) => redis.zrem(topicKey(topic), id)),
  ])
}

/** Who is on a topic now, 10,000 at most. */
export const listenersOf = (redis: Redis, topic: string, now: number) =>
  redis.zrangebyscore(topicKey(topic), now, '+inf', 'LIMIT', 0, 10_000)

/** Every connection there is, some at a time; those that are over are forgotten. */
export const all = async (redis: Redis, now: number) => {
  await redis.zremrangebyscore(everyone, '-inf', now)
  return redis.zrange(everyone, '0', '9999')
}

/** Frames of a connection in these ten seconds, this one counted. */
export const pace = async (redis: Redis, id: string) => {
  const [n] = await Promise.all([redis.incr(paceKey(id)), redis.expire(paceKey(id), 10, 'NX')])
  return n
}

/** Which of these names a frame of this number may still change: the highest one counts, whatever overtakes it. */
export const newer = async (redis: Redis, { id, n, names }: { id: string; n: number; names: readonly string[] }) => {
  const known = await redis.hmget(numbersKey(id), ...names)
  const mine = names.filter((_, i) => Number(known[i] ?? -1) <= n)
  if (mine.length > 0)
    await Promise.all([
      redis.hset(numbersKey(id), Object.fromEntries(mine.map((name) => [name, n]))),
      redis.pexpire(numbersKey(id), longest),
    ])
  return mine
}
