import type { Person } from '../actor.ts'
import type { Frame } from './frame.ts'
import type { Entry, Presence, Standing } from './presence.ts'
import type { PresenceRule } from './socket.ts'

/** What a connection has to do with presence, while it is admitted. */
export class Present {
  private readonly presence: Presence
  private readonly place: string
  private readonly entry: Entry
  private readonly hears: boolean

  constructor(
    presence: Presence,
    { place, lastSeen = false, show }: PresenceRule<never>,
    { given, person, topic }: { given: unknown; person: Person; topic: string },
  ) {
    this.presence = presence
    // What is shown is the topic's own place: ten thousand sockets would have its name once each.
    this.place = show ? topic : place(given as never, person)
    this.entry = presence.enter(this.place, person.id, { lastSeen })
    this.hears = show !== undefined
    if (show) presence.hear(this.place, show)
  }

  stand(standing: Standing) {
    this.entry.stand(standing)
  }

  /** What one who comes is told. */
  greeting(): Frame | undefined {
    return this.hears ? this.presence.current(this.place) : undefined
  }

  leave() {
    if (this.hears) this.presence.deafen(this.place)
    this.entry.leave()
  }
}
