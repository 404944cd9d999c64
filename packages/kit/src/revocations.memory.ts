import type { Bearer, Revoked } from './revocations.ts'
import { madeAt } from './token-time.ts'

/** True where the entry ends this person's token. */
export const concerns = (entry: Revoked, person: Bearer) =>
  entry.jti === person.jti ||
  entry.sids.includes(person.sid) ||
  (entry.sub === person.id && madeAt(person.jti) <= entry.at)

/** What this process knows: entries by each thing they name, until they die. */
export const openMemory = (clock: { now(): number }) => {
  const subs = new Map<string, Revoked>()
  const sids = new Map<string, Revoked>()
  const jtis = new Map<string, Revoked>()
  // Gives whether anything in it was new.
  const put = (map: Map<string, Revoked>, key: string, entry: Revoked) => {
    if ((map.get(key)?.at ?? -1) >= entry.at) return false
    map.set(key, entry)
    return true
  }
  return {
    has: (person: Bearer) =>
      sids.has(person.sid) || jtis.has(person.jti) || (subs.get(person.id)?.at ?? -1) >= madeAt(person.jti),
    add: (entry: Revoked) => {
      if (entry.until <= clock.now()) return false
      const news = entry.sids.map((sid) => put(sids, sid, entry))
      if (entry.jti) news.push(put(jtis, entry.jti, entry))
      if (entry.sub) news.push(put(subs, entry.sub, entry))
      return news.includes(true)
    },
    all: () => [...new Set([...subs.values(), ...sids.values(), ...jtis.values()])],
    forget: () => {
      for (const map of [subs, sids, jtis])
        for (const [key, { until }] of map) if (until <= clock.now()) map.delete(key)
    },
  }
}

export type Memory = ReturnType<typeof openMemory>
