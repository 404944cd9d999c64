import { type KeySet, keyOf, newKey } from './key-set.ts'

const minute = 60_000

/** How long a key is published before it signs: longer than any verifier keeps the keys (Istio: 20 minutes). */
export const publishedBefore = 30 * minute
/** How long the last key stays: longer than a token lives and auth's processes take to change over. */
export const keptAfter = 20 * minute

export interface Step {
  set: KeySet
  changed: boolean
  says: string
}
export type Rotate = (set: KeySet, now: Date, hurry?: boolean) => Promise<Step> | Step

const nothing = (set: KeySet, says: string): Step => ({ set, changed: false, says })
const wait = (since: string, least: number, now: Date) => {
  const until = Date.parse(since) + least
  return until > now.getTime() ? new Date(until).toISOString() : undefined
}

/** Adds the next key to what is published. Repeated, it does nothing. */
export const publish: Rotate = async (set, now) => {
  if (keyOf(set, 'next')) return nothing(set, 'The next key is published already.')
  const next = await newKey('next', now)
  return { set: { keys: [...set.keys, next] }, changed: true, says: `${next.kid} is published as the next key.` }
}

/** Makes the next key sign and keeps the one before as the last, once verifiers had time to read it. */
export const sign: Rotate = (set, now, hurry = false) => {
  const next = keyOf(set, 'next')
  if (!next) return nothing(set, 'There is no next key: publish one, or it signs already.')
  if (keyOf(set, 'last')) return nothing(set, 'The last key is still there: retire it before the next one signs.')
  const until = wait(next.since, publishedBefore, now)
  if (until && !hurry) return nothing(set, `${next.kid} may sign from ${until} on, when every verifier has read it.`)
  const since = now.toISOString()
  const keys = set.keys.map((key) => ({
    ...key,
    stage: key === next ? ('current' as const) : ('last' as const),
    since,
  }))
  return { set: { keys }, changed: true, says: `${next.kid} signs now.` }
}

/** Forgets the last key, once every token that it signed has run out. */
export const retire: Rotate = (set, now, hurry = false) => {
  const last = keyOf(set, 'last')
  if (!last) return nothing(set, 'There is no last key.')
  const until = wait(last.since, keptAfter, now)
  if (until && !hurry) return nothing(set, `${last.kid} may go from ${until} on, when its tokens have run out.`)
  return { set: { keys: set.keys.filter((key) => key !== last) }, changed: true, says: `${last.kid} is retired.` }
}

/** The step that is due: retire, then publish, then sign. Run by a schedule it rotates the keys for good. */
export const next: Rotate = (set, now, hurry) => {
  if (keyOf(set, 'last')) return retire(set, now, hurry)
  return keyOf(set, 'next') ? sign(set, now, hurry) : publish(set, now)
}
