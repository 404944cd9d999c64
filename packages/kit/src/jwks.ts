import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import { unavailable } from './errors.ts'
import type { Log } from './log.ts'

const freshFor = 10 * 60_000
const unknownCooldown = 30_000
const failureCooldown = 1000
const awayCooldown = 5000

export interface Keys {
  /** For `jwtVerify`. */
  get: JWTVerifyGetKey
  /** Has them fetched anew where they are old; also called where a token is remembered and needs no key. */
  renew(): void
}

/**
 * The published keys of auth. Kept for 10 minutes, then fetched anew beside the requests; while auth
 * is away the last good set goes on, and is asked for every 5 s. One fetch at a time; a key id that is not in the set
 * causes one at most every 30 s. `lost` hears that a key is published no more.
 */
export const openKeys = ({
  fetchKeys,
  log,
  clock,
  lost,
}: {
  fetchKeys: () => Promise<JSONWebKeySet>
  log: Log
  clock: { now(): number }
  lost: () => void
}): Keys => {
  let keys: ReturnType<typeof createLocalJWKSet> | undefined
  let ids = new Set<string | undefined>()
  let loadedAt = -Infinity
  let triedAt = -Infinity
  let loading: Promise<void> | undefined

  const load = () =>
    (loading ??= (async () => {
      triedAt = clock.now()
      try {
        const set = await fetchKeys()
        keys = createLocalJWKSet(set)
        loadedAt = triedAt
        const now = new Set(set.keys.map(({ kid }) => kid))
        if ([...ids].some((id) => !now.has(id))) lost()
        ids = now
      } catch (error) {
        log.warn({ err: error }, 'the keys of auth could not be read')
      } finally {
        loading = undefined
      }
    })())

  // A clock that was set back would hold them off for as long.
  const since = (at: number) => (clock.now() < at ? Infinity : clock.now() - at)
  const renew = () => {
    if (keys && since(loadedAt) > freshFor && since(triedAt) > awayCooldown) void load()
  }
  const get: JWTVerifyGetKey = async (header, token) => {
    if (!keys && (loading || since(triedAt) > failureCooldown)) await load()
    if (!keys) throw unavailable('Access tokens cannot be verified right now.')
    try {
      return await keys(header, token)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || (!loading && since(triedAt) < unknownCooldown)) throw error
      await load()
      return keys(header, token)
    }
  }
  return { get, renew }
}

/** Reads a JWK set by HTTP, in 2 s at most. */
export const fetchKeys = (url: string) => async (): Promise<JSONWebKeySet> => {
  const response = await fetch(url, { signal: AbortSignal.timeout(2000), redirect: 'error' })
  if (!response.ok) throw new Error(`${url} answered ${response.status}`)
  return (await response.json()) as JSONWebKeySet
}
