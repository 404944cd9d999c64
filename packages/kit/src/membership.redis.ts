import { isCluster, type Redis } from './redis.ts'
import { script } from './script.ts'

/** Seconds that an answer is kept. */
const entrySeconds = 30
// Long past any request that could still carry an older version.
const versionSeconds = 86_400

const versionKey = (workspaceId: string) => `membership:{${workspaceId}}`
const entryKey = (workspaceId: string, userId: string) => `${versionKey(workspaceId)}:${userId}`

/** The highest version known, and answers with the version they were read at, in one round trip; null for what is not there. */
export const read = async (
  redis: Redis,
  { workspaceId, userIds }: { workspaceId: string; userIds: readonly string[] },
) => {
  const [known, ...entries] = await redis.mget(
    versionKey(workspaceId),
    ...userIds.map((userId) => entryKey(workspaceId, userId)),
  )
  return {
    known: known == null ? null : Number(known),
    entries: entries.map((entry) => {
      const [version, role] = entry?.split(' ') ?? []
      return version === undefined ? null : { version: Number(version), role: role ?? '' }
    }),
  }
}

const keepScript = script<string>(
  'keep_membership',
  `local known, version = tonumber(redis.call('get', KEYS[1]) or '-1'), tonumber(ARGV[1])
   if version < known then return string.format('%.0f', known) end
   redis.call('set', KEYS[1], ARGV[1], 'EX', ARGV[2])
   for i = 2, #KEYS do redis.call('set', KEYS[i], ARGV[1] .. ' ' .. ARGV[i + 2], 'EX', ARGV[3]) end
   return ARGV[1]`,
)

/** Keeps answers of one version, unless a later one is known. Gives the highest version known now. */
export const keep = async (
  redis: Redis,
  { workspaceId, roles, version }: { workspaceId: string; roles: ReadonlyMap<string, string | null>; version: number },
) =>
  Number(
    await keepScript(
      redis,
      [versionKey(workspaceId), ...[...roles.keys()].map((userId) => entryKey(workspaceId, userId))],
      [version, versionSeconds, entrySeconds, ...[...roles.values()].map((role) => role ?? '')],
    ),
  )

const raiseScript = script<number>(
  'raise_membership',
  `if tonumber(ARGV[1]) <= tonumber(redis.call('get', KEYS[1]) or '-1') then return 0 end
   redis.call('set', KEYS[1], ARGV[1], 'EX', ARGV[2])
   redis.call('publish', ARGV[3], ARGV[4])
   return 1`,
)

/** Raises the highest known version and says so on the channel; an older one changes nothing. */
export const raise = (redis: Redis, p: { workspaceId: string; version: number; channel: string; message: string }) =>
  raiseScript(redis, [versionKey(p.workspaceId)], [p.version, versionSeconds, p.channel, p.message])

export const versions = async (redis: Redis, workspaceIds: readonly string[]) => {
  if (workspaceIds.length === 0) return new Map<string, number>()
  const keys = workspaceIds.map(versionKey)
  // One command, which costs a sixth of as many; in a cluster each goes where its key lies.
  const known = await (isCluster(redis) ? Promise.all(keys.map((key) => redis.get(key))) : redis.mget(keys))
  return new Map(workspaceIds.flatMap((id, i) => (known[i] == null ? [] : [[id, Number(known[i])] as const])))
}
