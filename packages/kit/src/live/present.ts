import type { Person } from '../actor.ts'
import type { Frame } from './frame.ts'
import type { Entry, Presence, Standing } from './presence.ts'
import type { PresenceRule } from './socket.ts'

/** What a connection has to do with presence, while it is admitted. */
export class Present {
  private readonly presence: Presence
  private readonly place: string
  private readonly entry: Entry
  private readonly deafen: (() => void) | undefined

  constructor(
    presence: Presence,
    { place, lastSeen = false, show }: PresenceRule<never>,
    { given, person }: { given: unknown; person: Person },
  ) {
    this.presence = presence
    this.place = place(given as never, person)
    this.entry = presence.enter(this.place, person.id, { lastSeen })
    this.deafen = show && presence.hear(this.place, show)
  }

  stand(standing: Standing) {
    this.entry.stand(standing)
  }

  /** What one who comes is told. */
  greeting(): Frame | undefined {
    return this.deafen && this.presence.current(this.place)
  }

  leave() {
    this.deafen?.()
    this.entry.leave()
  }
}
