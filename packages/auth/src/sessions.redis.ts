import { unavailable } from '@wealist/kit/errors'
import { type Redis } from '@wealist/kit/redis'
import { blockedKey, endedKey, sessionKey, sessionsKey } from '@wealist/kit/revocations.redis'
import { script } from '@wealist/kit/script'

const day = 24 * 60 * 60 * 1000
/** Milliseconds that a session lives after its last use, and in all. */
export const slidingLife = 7 * day
export const wholeLife = 30 * day
/** Milliseconds in which a retry of the token just used gets the same successor. */
export const grace = 10_000
/** Most sessions of a person; the one unused for longest makes room for another. */
export const mostSessions = 50

/** What is kept of a session. Tokens are there only as hashes; `sealKey` makes none that would be taken. */
export interface StoredSession {
  id: string
  current: string
  previous: string | null
  sealKey: string
  /** Set when a used token came back: the session is dead and says so until its last access token has run out. */
  reused: boolean
  device: string | null
  address: string
  createdAt: number
  lastUsedAt: number
}

// The successor of the last rotation, encrypted, for as long as the grace lasts.
const successorKey = (sub: string, sid: string) => `${sessionKey(sub, sid)}:successor`

const now = `local time = redis.call('time')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local function text(n) return string.format('%.0f', n) end`

// KEYS: blocked, sessions, session, ended. ARGV: id, hash, seal key, device, address, sliding life, most, when the
// sign-in began.
const insert = script<['blocked' | 'overtaken'] | ['made', ...string[]]>(
  'session_insert',
  `if redis.call('exists', KEYS[1]) == 1 then return { 'blocked' } end
  if tonumber(redis.call('get', KEYS[4]) or '-1') >= tonumber(ARGV[8]) then return { 'overtaken' } end
  ${now}
  redis.call('hset', KEYS[3], 'current', ARGV[2], 'sealKey', ARGV[3], 'device', ARGV[4], 'address', ARGV[5], 'createdAt', text(now), 'lastUsedAt', text(now))
  redis.call('pexpire', KEYS[3], ARGV[6])
  redis.call('zadd', KEYS[2], text(now), ARGV[1])
  redis.call('zremrangebyscore', KEYS[2], '-inf', text(now - ARGV[6]))
  redis.call('pexpire', KEYS[2], ARGV[6])
  local over = redis.call('zcard', KEYS[2]) - ARGV[7]
  local answer = { 'made' }
  if over > 0 then
    for _, sid in ipairs(redis.call('zrange', KEYS[2], 0, over - 1)) do
      redis.call('del', KEYS[2] .. ':' .. sid, KEYS[2] .. ':' .. sid .. ':successor')
      redis.call('zrem', KEYS[2], sid)
      table.insert(answer, sid)
    end
  end
  return answer`,
)

// KEYS: blocked, sessions, session, successor. ARGV: id, hash shown, hash of the candidate, encrypted candidate, device,
// address, sliding life, whole life, grace, life of the tombstone.
const rotate = script<['rotated' | 'reused' | 'ended' | 'blocked'] | ['grace', string]>(
  'session_rotate',
  `${now}
  local session = redis.call('hmget', KEYS[3], 'current', 'previous', 'createdAt', 'reused')
  if session[4] then return { 'reused' } end
  if not session[1] then return { 'ended' } end
  if redis.call('exists', KEYS[1]) == 1 then return { 'blocked' } end
  if session[1] == ARGV[2] then
    local left = math.min(tonumber(ARGV[7]), session[3] + ARGV[8] - now)
    if left <= 0 then return { 'ended' } end
    redis.call('hset', KEYS[3], 'current', ARGV[3], 'previous', ARGV[2], 'lastUsedAt', text(now), 'device', ARGV[5], 'address', ARGV[6])
    redis.call('pexpire', KEYS[3], text(left))
    redis.call('set', KEYS[4], ARGV[4], 'PX', ARGV[9])
    redis.call('zadd', KEYS[2], text(now), ARGV[1])
    redis.call('pexpire', KEYS[2], ARGV[7])
    return { 'rotated' }
  end
  if session[2] == ARGV[2] then
    local successor = redis.call('get', KEYS[4])
    if successor then return { 'grace', successor } end
  end
  redis.call('hset', KEYS[3], 'reused', '1')
  redis.call('hdel', KEYS[3], 'current', 'previous')
  redis.call('pexpire', KEYS[3], ARGV[10])
  redis.call('del', KEYS[4])
  redis.call('zrem', KEYS[2], ARGV[1])
  return { 'reused' }`,
)

// KEYS: sessions, session, successor. ARGV: id.
const end = script<number>(
  'session_end',
  `redis.call('del', KEYS[2], KEYS[3])
  return redis.call('zrem', KEYS[1], ARGV[1])`,
)

// Sessions live in Redis alone: without it nobody can sign in, and says so.
const asked = <T>(answer: Promise<T>) =>
  answer.catch(() => Promise.reject(unavailable('Sessions cannot be read or changed right now.')))

/** The time of Redis in milliseconds; tokens made for what is read after it count as made then. */
export const time = async (redis: Redis) => {
  const [seconds, micros] = await asked(redis.time())
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000)
}

/**
 * Stores a new session; gives the sessions that made room. `blocked` where the person may have none, `overtaken` where
 * all their sessions were ended since the sign-in began (at `at`, the time of Redis): what it proved may be void.
 */
export const create = async (
  redis: Redis,
  sub: string,
  session: Pick<StoredSession, 'id' | 'sealKey' | 'address' | 'device'> & { hash: string; at: number },
): Promise<'blocked' | 'overtaken' | string[]> => {
  const { id, hash, sealKey, device, address, at } = session
  const [state, ...ended] = await asked(
    insert(
      redis,
      [blockedKey(sub), sessionsKey(sub), sessionKey(sub, id), endedKey(sub)],
      [id, hash, sealKey, device ?? '', address, slidingLife, mostSessions, at],
    ),
  )
  return state === 'made' ? ended : state
}

/**
 * Takes a refresh token (its hash) for its successor, in one step that no other can come between: `rotated`; `grace`
 * with the successor that a parallel call or a retry already made; `reused` where it was used before, which ends the
 * session; `ended`; `blocked`.
 */
export const rotateToken = (
  redis: Redis,
  {
    sub,
    sid,
    shown,
    candidate,
    encrypted,
    device,
    address,
  }: {
    sub: string
    sid: string
    shown: string
    candidate: string
    encrypted: string
    device: string | null
    address: string
  },
) =>
  asked(
    rotate(
      redis,
      [blockedKey(sub), sessionsKey(sub), sessionKey(sub, sid), successorKey(sub, sid)],
      [sid, shown, candidate, encrypted, device ?? '', address, slidingLife, wholeLife, grace, tombstoneLife],
    ),
  )

// As long as an access token of the session can live, so that a revocation that failed is repeated by the next try.
const tombstoneLife = 16 * 60 * 1000

/** Ends a session; false where there was none. */
export const remove = async (redis: Redis, sub: string, sid: string) =>
  (await asked(end(redis, [sessionsKey(sub), sessionKey(sub, sid), successorKey(sub, sid)], [sid]))) === 1

export const find = async (redis: Redis, sub: string, sid: string): Promise<StoredSession | undefined> => {
  const fields = await asked(redis.hgetall(sessionKey(sub, sid)))
  if (!fields['sealKey']) return undefined
  return {
    id: sid,
    current: fields['current'] ?? '',
    previous: fields['previous'] ?? null,
    sealKey: fields['sealKey'],
    reused: fields['reused'] === '1',
    device: fields['device'] || null,
    address: fields['address'] ?? '',
    createdAt: Number(fields['createdAt']),
    lastUsedAt: Number(fields['lastUsedAt']),
  }
}

/** A person's living sessions, newest first. */
export const list = async (redis: Redis, sub: string): Promise<StoredSession[]> => {
  const ids = await asked(redis.zrange(sessionsKey(sub), 0, '-1'))
  const found = await Promise.all(ids.map((sid) => find(redis, sub, sid)))
  return found.filter((s) => s !== undefined).toSorted((a, b) => (a.id < b.id ? 1 : -1))
}
