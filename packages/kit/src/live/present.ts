import type { Person } from '../actor.ts'
import type { Frame } from './frame.ts'
import type { Presence, Standing } from './presence.ts'
import type { PresenceRule } from './socket.ts'

/** What a connection has to do with presence, while it is admitted. */
export interface Present {
  stand(standing: Standing): void
  /** What one who comes is told. */
  greeting(): Frame | undefined
  leave(): void
}

export const presentBy = <Given>(
  presence: Presence | undefined,
  rule: PresenceRule<Given> | undefined,
  { given, person }: { given: Given; person: Person },
): Present | undefined => {
  if (!presence || !rule) return undefined
  const place = rule.place(given, person)
  const entry = presence.enter(place, person.id, { lastSeen: rule.lastSeen ?? false })
  const deafen = rule.show && presence.hear(place, rule.show)
  return {
    stand: entry.stand,
    greeting: () => (deafen ? presence.current(place) : undefined),
    leave: () => {
      deafen?.()
      entry.leave()
    },
  }
}
