import type { Redis } from './redis.ts'
import type { Bearer, Revocation, Revoked } from './revocations.ts'
import { script } from './script.ts'
import { accessTokenSeconds } from './token-time.ts'

/** Most entries of one read. */
export const pageSize = 1000

// Clocks differ and verifiers tolerate some seconds, so an entry outlives the longest token by a minute.
const life = (accessTokenSeconds + 60) * 1000

const stream = '{revocations}'
const bootKey = `${stream}:boot`
const bySub = (sub: string) => `${stream}:sub:${sub}`
const bySid = (sid: string) => `${stream}:sid:${sid}`
const byJti = (jti: string) => `${stream}:jti:${jti}`

/** Present while a person may have no session, refresh or ticket. */
export const blockedKey = (sub: string) => `blocked:{${sub}}`
/** When all sessions of a person were last ended, in milliseconds of Redis' clock. */
export const endedKey = (sub: string) => `ended:{${sub}}`
// What was told is remembered for a day, longer than any job is repeated.
const toldFor = 86_400_000
/** The version of a person's standing that Redis follows, and since when. */
const followedKey = (sub: string) => `followed:{${sub}}`
/** When a person's sessions were ended for this reason. */
const toldKey = (sub: string, once: string) => `ended:{${sub}}:${once}`
/** A person's sessions: a sorted set of their ids. A session is the hash at this key followed by `:<id>`. */
export const sessionsKey = (sub: string) => `sessions:{${sub}}`
export const sessionKey = (sub: string, sid: string) => `${sessionsKey(sub)}:${sid}`

// A key for each thing that an entry names; a person's, which comes first, holds the time up to which their tokens are no
// longer good. Only what is new joins the stream.
const add = script<string>(
  'revoke',
  `local time = redis.call('time')
   local now = time[1] * 1000 + math.floor(time[2] / 1000)
   local at, life = tonumber(ARGV[1]), tonumber(ARGV[2])
   if at == 0 then at = now end
   local text, ends = string.format('%.0f', at), at + life
   if ends <= now then return text end
   local new = false
   for i = 2, #KEYS do
     local known = redis.call('get', KEYS[i])
     if not known or (i == 2 and ARGV[3] ~= '' and tonumber(known) < at) then
       redis.call('set', KEYS[i], text, 'PX', string.format('%.0f', ends - now))
       new = true
     end
   end
   if new then
     redis.call('xadd', KEYS[1], 'MINID', '~', string.format('%.0f', now - life), '*', 'at', text, 'sub', ARGV[3], 'jti', ARGV[4], 'sids', ARGV[5])
   end
   return text`,
)

const now = `local time = redis.call('time')
   local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))`
// Who began to sign in before this moment gets no session after it. Gives the moment, then the sessions.
const endAll = `redis.call('set', KEYS[2], now, 'PX', ARGV[1])
   local sids = redis.call('zrange', KEYS[1], 0, -1)
   for _, sid in ipairs(sids) do redis.call('del', KEYS[1] .. ':' .. sid) end
   redis.call('del', KEYS[1])
   table.insert(sids, 1, now)
   return sids`

// KEYS: sessions, ended, and the reason where it counts once. ARGV: life. Gives the moment alone where the reason was
// told before; nothing where no token of then can still be good.
const endSessions = script<string[] | null>(
  'end_sessions',
  `${now}
   if KEYS[3] then
     local known = redis.call('get', KEYS[3])
     if known then return now - known < tonumber(ARGV[1]) and { known } end
     redis.call('set', KEYS[3], now, 'PX', ${toldFor})
   end
   ${endAll}`,
)

// KEYS: as above, then the standing followed, blocked. ARGV: life, version, whether active. Gives when this version was
// first followed; nothing where a newer one was, or where no token of then can still be good.
const followStanding = script<string[] | null>(
  'follow_standing',
  `${now}
   local known = redis.call('hmget', KEYS[3], 'version', 'at')
   local newer = tonumber(known[1] or '-1') - ARGV[2]
   if newer > 0 then return false end
   if ARGV[3] == '0' then redis.call('set', KEYS[4], '1') end
   if newer == 0 then return now - known[2] < tonumber(ARGV[1]) and { known[2] } end
   redis.call('hset', KEYS[3], 'version', ARGV[2], 'at', now)
   redis.call('pexpire', KEYS[3], ${toldFor})
   if ARGV[3] == '1' then
     redis.call('del', KEYS[4])
     return { now }
   end
   ${endAll}`,
)

const put = async (redis: Redis, { sub, sids, jti, at }: Omit<Revoked, 'until'>): Promise<Revoked> => {
  const keys = [...(sub ? [bySub(sub)] : []), ...(jti ? [byJti(jti)] : []), ...sids.map(bySid)]
  const time = Number(await add(redis, [stream, ...keys], [at, life, sub ?? '', jti ?? '', sids.join(',')]))
  return { sub, sids, jti, at: time, until: time + life }
}

// Written again where it was told before: whoever began it may have been cut off in between.
const ended = async (redis: Redis, sub: string, told: string[] | null, channel: string) => {
  if (!told) return undefined
  const [at, ...sids] = told
  return tell(redis, { sub, sids, at: Number(at) }, channel)
}

const tell = async (redis: Redis, entry: Omit<Revoked, 'until'>, channel: string) => {
  const written = await put(redis, entry)
  await redis.publish(channel, '').catch(() => undefined)
  return written
}

/** Ends sessions where the revocation says so, then writes it for everybody. Repeating it does no harm. */
export const write = async (redis: Redis, what: Revocation, channel: string) => {
  if ('sids' in what) return tell(redis, { sids: what.sids, at: 0 }, channel)
  if ('jti' in what) return tell(redis, { sids: [], jti: what.jti, at: 0 }, channel)
  const { sub, once } = what
  const keys = [sessionsKey(sub), endedKey(sub), ...(once === undefined ? [] : [toldKey(sub, once)])]
  return ended(redis, sub, await endSessions(redis, keys, [life]), channel)
}

/**
 * Blocks or unblocks a person as their standing of this version says and revokes what they had, unless that or a newer
 * one was followed before: then nothing is given, or the entry of then.
 */
export const follow = async (
  redis: Redis,
  { sub, active, version }: { sub: string; active: boolean; version: number },
  channel: string,
) => {
  const keys = [sessionsKey(sub), endedKey(sub), followedKey(sub), blockedKey(sub)]
  return ended(redis, sub, await followStanding(redis, keys, [life, version, active ? 1 : 0]), channel)
}

/** Writes back an entry that this process knows and Redis may have lost. */
export const restore = (redis: Redis, entry: Revoked) => put(redis, entry)

/** What the stream holds after an id, and the mark of the data set: another mark means that Redis began anew. */
export const read = async (redis: Redis, after: string) => {
  const [mark, rows] = await Promise.all([
    redis.get(bootKey),
    redis.xrange(stream, `(${after}`, '+', 'COUNT', pageSize),
  ])
  if (mark === null) await redis.set(bootKey, `${Date.now()}-${Math.random()}`, 'NX')
  return {
    boot: mark ?? (await redis.get(bootKey)) ?? undefined,
    entries: rows.map(([id, fields]) => ({ id, entry: entryOf(fields) })),
  }
}

const entryOf = (fields: string[]): Revoked => {
  const of = (name: string) => fields[fields.indexOf(name) + 1] || undefined
  const at = Number(of('at'))
  return { sub: of('sub'), jti: of('jti'), sids: of('sids')?.split(',') ?? [], at, until: at + life }
}

/** True where an entry in Redis concerns this person. `madeAt` is the token's time in milliseconds. */
export const find = async (redis: Redis, { id, sid, jti }: Bearer, madeAt: number) => {
  const [sub, session, token] = await redis.mget(bySub(id), bySid(sid), byJti(jti))
  return session !== null || token !== null || (sub != null && madeAt <= Number(sub))
}

export const block = async (redis: Redis, sub: string) => void (await redis.set(blockedKey(sub), '1'))
export const unblock = async (redis: Redis, sub: string) => void (await redis.del(blockedKey(sub)))
export const isBlocked = async (redis: Redis, sub: string) => (await redis.exists(blockedKey(sub))) === 1
