import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import { unavailable } from './errors.ts'
import type { Log } from './log.ts'

const freshFor = 10 * 60_000
const unknownCooldown = 30_000
const failureCooldown = 1000

/**
 * The published keys of auth, for `jwtVerify`. Kept for 10 minutes, then fetched anew beside the requests; while auth
 * is away the last good set goes on. One fetch at a time; a key id that is not in the set causes one at most every 30 s.
 */
export const openKeys = ({
  fetchKeys,
  log,
  clock,
}: {
  fetchKeys: () => Promise<JSONWebKeySet>
  log: Log
  clock: { now(): number }
}): JWTVerifyGetKey => {
  let keys: ReturnType<typeof createLocalJWKSet> | undefined
  let triedAt = -Infinity
  let loading: Promise<void> | undefined

  const load = () =>
    (loading ??= (async () => {
      triedAt = clock.now()
      try {
        keys = createLocalJWKSet(await fetchKeys())
      } catch (error) {
        log.warn({ err: error }, 'the keys of auth could not be read')
      } finally {
        loading = undefined
      }
    })())

  const since = () => clock.now() - triedAt
  return async (header, token) => {
    if (!keys && (loading || since() > failureCooldown)) await load()
    if (!keys) throw unavailable('Access tokens cannot be verified right now.')
    if (since() > freshFor) void load()
    try {
      return await keys(header, token)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || (!loading && since() < unknownCooldown)) throw error
      await load()
      return keys(header, token)
    }
  }
}

/** Reads a JWK set by HTTP, in 2 s at most. */
export const fetchKeys = (url: string) => async (): Promise<JSONWebKeySet> => {
  const response = await fetch(url, { signal: AbortSignal.timeout(2000), redirect: 'error' })
  if (!response.ok) throw new Error(`${url} answered ${response.status}`)
  return (await response.json()) as JSONWebKeySet
}
