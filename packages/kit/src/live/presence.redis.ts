import type { Redis } from '../redis.ts'

/** Where a person stands while they are somewhere. Who is nowhere is offline. */
export type Standing = 'online' | 'away'
/** Who is in a place: online where any of their connections is. */
export type People = ReadonlyMap<string, Standing>

/** The channel on which processes tell each other that somebody came or went. */
export const nudgeOf = (place: string) => `here:${place}`
const hereKey = (place: string) => `presence:{${place}}`
const seenKey = (place: string) => `presence:{${place}}:seen`
// One member a person, process and standing: what a process that died left behind ends with its score.
const memberOf = (userId: string, standing: Standing, process: string) => `${userId} ${standing} ${process}`

const mostMembers = 10_000
const seenMs = 90 * 86_400_000

export interface Said {
  place: string
  process: string
  /** What this process says of those people; null for who is not here. */
  people: ReadonlyMap<string, Standing | null>
  now: number
  /** When what is said is no longer true by itself. */
  until: number
  /** Also keeps when they were last here, for 90 days. */
  lastSeen: boolean
}

/** Says who is in a place, as far as one process knows. One round trip, shared with what else is said in this tick. */
export const say = async (redis: Redis, { place, process, people, now, until, lastSeen }: Said) => {
  const here: (string | number)[] = []
  const gone: string[] = []
  for (const [userId, standing] of people)
    for (const one of ['online', 'away'] as const)
      if (one === standing) here.push(until, memberOf(userId, one, process))
      else gone.push(memberOf(userId, one, process))
  const key = hereKey(place)
  const seen = [...people.keys()].flatMap((userId) => [now, userId])
  await Promise.all([
    here.length > 0 && redis.zadd(key, ...here),
    gone.length > 0 && redis.zrem(key, ...gone),
    redis.zremrangebyscore(key, '-inf', now),
    redis.pexpireat(key, until),
    ...(lastSeen && seen.length > 0
      ? [
          redis.zadd(seenKey(place), ...seen),
          redis.zremrangebyscore(seenKey(place), '-inf', now - seenMs),
          redis.pexpireat(seenKey(place), now + seenMs),
        ]
      : []),
  ])
}

/** Who is in a place, and when the first of what is known of them ends by itself. 10,000 members at most are read. */
export const read = async (
  redis: Redis,
  { place, now }: { place: string; now: number },
): Promise<{ people: People; until: number | undefined }> => {
  const found = await redis.zrangebyscore(hereKey(place), now, '+inf', 'WITHSCORES', 'LIMIT', 0, mostMembers)
  const people = new Map<string, Standing>()
  for (let i = 0; i < found.length; i += 2) {
    const [userId, standing] = found[i]!.split(' ') as [string, Standing]
    if (people.get(userId) !== 'online') people.set(alone(userId), standing === 'online' ? 'online' : 'away')
  }
  return { people, until: found.length > 0 ? Number(found[1]) : undefined }
}

// V8 keeps the whole text of which a word was cut.
const alone = (word: string) => Buffer.from(word, 'latin1').toString('latin1')

/** When those people were last in a place, in milliseconds; without those who were not in 90 days. */
export const lastSeen = async (redis: Redis, place: string, userIds: readonly string[]) => {
  if (userIds.length === 0) return new Map<string, number>()
  const found = await redis.zmscore(seenKey(place), ...userIds)
  return new Map(userIds.flatMap((id, i) => (found[i] == null ? [] : [[id, Number(found[i])] as const])))
}
