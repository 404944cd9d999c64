import { newId } from '../ids.ts'
import type { LogEvent } from '../tx.ts'
import { frameOf } from './frame.ts'
import { type Log, page } from './log.ts'
import type { Chance, VirtualTime } from './simulation.time.ts'

/** A thing that people change; `value` is null once it was deleted. */
export interface Thing {
  value: string | null
  version: number
}

/** Things by id, with a number that is the same for the same things, so that two can be compared after each event. */
export interface Things {
  byId: Map<string, Thing>
  digest: number
}

export const noThings = (): Things => ({ byId: new Map(), digest: 0 })
export const copyOf = ({ byId, digest }: Things): Things => ({ byId: new Map(byId), digest })

/** Puts a thing in its place, unless the one there is as new. */
export const put = (things: Things, id: string, thing: Thing) => {
  const there = things.byId.get(id)
  if (there && there.version >= thing.version) return
  if (there) things.digest ^= numberOf(id, there)
  things.byId.set(id, { value: thing.value, version: thing.version })
  things.digest ^= numberOf(id, thing)
}

const numberOf = (id: string, { value, version }: Thing) => {
  let hash = 2166136261
  for (const c of `${id} ${version} ${value === null ? '-' : value.slice(0, 12)}`)
    hash = Math.imul(hash ^ c.charCodeAt(0), 16777619)
  return hash
}

interface Kept {
  epoch: string
  restoredAt: number
  head: number
  /** Everything below is gone by retention. */
  low: number
  events: LogEvent[]
  things: Things
  members: Set<string>
  /** After each seq: what the things come to, and who is a member. */
  past: { digest: number; members: Set<string> }[]
}

export type SimulatedDatabase = ReturnType<typeof simulatedDatabase>

/** Topics with their things, members and logs. A commit happens in one moment; reads take time, and may fail. */
export const simulatedDatabase = (time: VirtualTime, { chance, between, pick }: Chance) => {
  const topics = new Map<string, Kept>()
  const trouble = { failing: 0 }
  let epochs = 0
  let restores = 0

  const note = (kept: Kept) => void (kept.past[kept.head] = { digest: kept.things.digest, members: kept.members })

  const emit = (topic: string, type: string, payload: object): LogEvent => {
    const kept = topics.get(topic)!
    const event: LogEvent = {
      topic,
      seq: ++kept.head,
      type,
      payload: JSON.stringify(payload),
      actorId: null,
      timestamp: new Date(time.now()).toISOString(),
    }
    kept.events.push(event)
    note(kept)
    return event
  }

  // No read outlives a restore: the server was away meanwhile.
  const reading = async <T>(read: () => T): Promise<T> => {
    const before = restores
    await time.sleep(between(0.2, chance(0.05) ? 200 : 10))
    if (chance(trouble.failing)) throw new Error('the database is away')
    const answer = read()
    await time.sleep(between(0.2, chance(0.05) ? 200 : 10))
    if (restores !== before) throw new Error('the connection was lost')
    return answer
  }

  const standing = (topic: string) => {
    const { head, epoch } = topics.get(topic)!
    return head === 0 ? { head: 0, epoch: '' } : { head, epoch }
  }

  const log: Log = {
    head: (topic) => reading(() => standing(topic)),
    read: (topic, after) =>
      reading(() => {
        const { events, low } = topics.get(topic)!
        const from = Math.max(after, low)
        return events.slice(from, from + page).map(frameOf)
      }),
    moved: (believed) =>
      reading(() =>
        believed
          .map(({ topic }) => ({ topic, ...standing(topic) }))
          .filter(({ head, epoch }, i) => head !== believed[i]!.head || epoch !== believed[i]!.epoch),
      ),
  }

  return {
    log,
    trouble,
    create: (name: string, members: Iterable<string>) => {
      const kept: Kept = {
        epoch: `epoch-${epochs++}`,
        restoredAt: -Infinity,
        head: 0,
        low: 0,
        events: [],
        things: noThings(),
        members: new Set(members),
        past: [],
      }
      topics.set(name, kept)
      note(kept)
    },
    topic: (name: string) => topics.get(name)!,
    get restores() {
      return restores
    },
    change: (topic: string): LogEvent => {
      const { things } = topics.get(topic)!
      const there = [...things.byId].filter(([, t]) => t.value !== null)
      if (there.length > 0 && chance(0.15)) {
        const [id, { version }] = pick(there)
        const thing = { value: null, version: version + 1 }
        put(things, id, thing)
        return emit(topic, 'thing.deleted', { id, ...thing })
      }
      const [id, before] = there.length > 3 && chance(0.7) ? pick(there) : [newId(), { version: 0 }]
      const value = `${Math.floor(between(0, 1e6))}`
      const size = chance(0.02) ? between(1000, 60_000) : 0
      const thing = { value: value.padEnd(size, '.'), version: before.version + 1 }
      put(things, id, thing)
      return emit(topic, 'thing.changed', { id, ...thing })
    },
    removeMember: (topic: string, userId: string) => {
      const kept = topics.get(topic)!
      kept.members = new Set([...kept.members].filter((id) => id !== userId))
      return emit(topic, 'member.removed', { userId })
    },
    addMember: (topic: string, userId: string) => {
      const kept = topics.get(topic)!
      kept.members = new Set([...kept.members, userId])
      return emit(topic, 'member.added', { userId })
    },
    /** A state and its seq, of one moment. */
    state: (topic: string) =>
      reading(() => {
        const { things, head } = topics.get(topic)!
        return { things: copyOf(things), seq: head }
      }),
    isMember: (topic: string, userId: string) => reading(() => topics.get(topic)!.members.has(userId)),
    /** Goes back to an older backup, after which everything is of another epoch. */
    restore: (topic: string) => {
      const kept = topics.get(topic)!
      restores++
      kept.head = Math.floor(between(Math.max(0, kept.head - 50), kept.head + 1))
      kept.epoch = `epoch-${epochs++}`
      kept.restoredAt = time.now()
      kept.low = Math.min(kept.low, kept.head)
      kept.events.length = kept.head
      kept.past.length = kept.head + 1
      kept.members = kept.past[kept.head]!.members
      kept.things = noThings()
      for (const { payload } of kept.events) {
        const { id, ...thing } = JSON.parse(payload!) as Thing & { id?: string }
        if (id) put(kept.things, id, thing)
      }
    },
    /** Retention: the low end goes. */
    trim: (topic: string) => {
      const kept = topics.get(topic)!
      kept.low = Math.max(kept.low, Math.floor(kept.head - between(0, 80)))
    },
    /** True where a person may be sent this seq now: they are a member, or it is of before they ceased to be. */
    maySee: (topic: string, userId: string, seq: number) => {
      const { members, restoredAt, past } = topics.get(topic)!
      if (members.has(userId)) return true
      // Nothing tells that a backup ended a right; it is found within a second and then decided.
      if (time.now() - restoredAt < 15_000) return true
      return seq <= past.findLastIndex((then) => then.members.has(userId)) + 1
    },
  }
}
