import { newId } from '../ids.ts'
import { closeCodes } from './close-codes.ts'
import type { Open, Wire } from './connection.ts'
import { type Cursor, openCursor, type StreamFrame } from './cursor.ts'
import { noThings, put, type Things } from './simulation.database.ts'
import type { Fleet, Ground } from './simulation.fleet.ts'
import { type LineOptions, simulatedLine } from './simulation.network.ts'

export interface World extends Ground {
  fleet: Fleet
  fail(about: string): void
}

interface ThingEvent extends StreamFrame {
  seq: number
  payload: { id: string; value: string | null; version: number }
}

/**
 * A person's tab on one topic: reads the state when it likes, listens, loses its connection, comes back, and after every
 * event compares what it shows with what the database held at that seq.
 */
export const simulatedClient = (world: World, name: string, topic: string, userId: string) => {
  const { time, database, fleet } = world
  const { chance, between } = world.chance
  let things: Things = noThings()
  let at: number | undefined
  let reading = 0
  let line: ReturnType<typeof simulatedLine> | undefined
  let connection: Open | undefined
  let sid = newId()
  let stopped = false
  let barred = false
  let callOffPing: (() => void) | undefined
  let told = 0
  let healed = false

  const fail = (about: string) => world.fail(`${name}: ${about}`)

  const apply = (event: ThingEvent) => {
    if (at === undefined || event.seq !== at + 1) fail(`applied ${event.seq} after ${at}`)
    at = event.seq
    if (event.type.startsWith('thing.')) {
      const { id, value, version } = event.payload
      put(things, id, { value, version })
    }
    check()
  }
  // Only where the client and the database are of one epoch; otherwise a reset is on its way.
  const check = () => {
    const kept = database.topic(topic)
    if (cursor.position.epoch !== kept.epoch || at === undefined || at > kept.head) return
    if (things.digest !== kept.past[at]!.digest) fail(`shows something else than the database at ${at}`)
  }

  const readState = async () => {
    const mine = ++reading
    while (!stopped && mine === reading) {
      try {
        const state = await database.state(topic)
        if (mine !== reading) return
        things = state.things
        at = state.seq
        cursor.startAt(state.seq)
        return
      } catch {
        await time.sleep(500)
      }
    }
  }

  const say = (type: string, payload: object) => {
    const to = connection
    const text = JSON.stringify({ type, payload })
    if (to) time.after(between(0.5, 20), () => to.receive(text))
  }
  const newCursor = (): Cursor =>
    openCursor<ThingEvent>({
      apply,
      resume: (from) => say('resume', from),
      reset: () => {
        told++
        at = undefined
        void readState()
      },
      after: time.after,
    })
  let cursor = newCursor()
  const ping = () => {
    callOffPing = time.after(25_000, () => {
      say('ping', { seq: cursor.position.after })
      ping()
    })
  }

  const lost = () => {
    line?.cut()
    line = undefined
    connection = undefined
    callOffPing?.()
    cursor.closed()
  }
  const comeBack = (ms: number) => void time.after(ms, () => void (stopped || connection || barred || open()))

  const open = () => {
    const door = fleet.door()
    if (!door) return comeBack(between(100, 1000))
    const loose = !fleet.ordered || chance(0.25)
    const options: LineOptions = { loose, speed: chance(0.2) ? between(5_000, 40_000) : 1e6 }
    const mine = simulatedLine(time, world.chance, options, {
      hear: (text) => {
        if (line !== mine) return
        const frame = JSON.parse(text) as StreamFrame
        if (frame.type === 'bye') return bye((frame.payload as { code: number }).code)
        cursor.frame(frame)
      },
      closed: () => gone(),
    })
    line = mine
    if (healed) mine.heal()
    const guarded = guard(mine.wire)
    const gone = () => {
      if (line !== mine) return
      lost()
      comeBack(between(10, 2000))
    }
    const opened = door({
      wire: guarded,
      topic,
      userId,
      sid,
      died: () => void time.after(between(1, 500), gone),
    })
    connection = {
      receive: (text) => {
        guarded.heard(text)
        opened.receive(text)
      },
      gone: () => opened.gone(),
      close: (code) => opened.close(code),
    }
    cursor.open()
    ping()
    if (at === undefined) void readState()
  }

  const bye = (code: number) => {
    lost()
    if (code === closeCodes.unauthorized) sid = newId()
    if (code === closeCodes.forbidden || code === closeCodes.unknown) {
      barred = true
      return
    }
    comeBack(between(10, 2000))
  }

  // What the server hands to this person: nothing they may not see, and where it keeps order each seq once after each resume.
  const guard = (wire: Wire) => {
    const session = sid
    let last: number | undefined
    let resumes = 0
    const send: Wire['send'] = (message) => {
      const frame = JSON.parse(message.text) as StreamFrame
      const end = world.ended.get(session)
      if (end !== undefined && time.now() > end + 1000 && frame.type !== 'bye')
        fail('was sent to after its session ended')
      if (frame.seq !== undefined) {
        const next = last === undefined || frame.seq === last + 1
        if (fleet.ordered && !next && resumes-- <= 0) fail(`was sent ${frame.seq} after ${last}`)
        last = frame.seq
        if (!fleet.maySee(topic, userId, frame.seq)) fail(`was sent ${frame.seq}, which is no longer theirs`)
      } else if (frame.type === 'ready' || frame.type === 'reset') last = (frame.payload as { seq: number }).seq
      wire.send(message)
    }
    return { ...wire, send, heard: (text: string) => void (text.includes('"resume"') && resumes++) }
  }

  // As a new tab: knows nothing.
  const startOver = () => {
    const was = connection
    lost()
    was?.gone()
    at = undefined
    reading++
    things = noThings()
    cursor = newCursor()
    comeBack(between(1, 500))
  }

  open()
  return {
    name,
    topic,
    userId,
    get sid() {
      return sid
    },
    get resets() {
      return told
    },
    /** The network drops; what the process still sends is lost. */
    drop: () => {
      const was = connection
      if (!was) return
      time.after(between(1, 5000), () => was.gone())
      lost()
      comeBack(between(10, chance(0.2) ? 60_000 : 3000))
    },
    stall: () => line?.stall(between(500, 12_000)),
    readAgain: () => void (connection && readState()),
    startOver,
    /** A state does not name its epoch: one that was read before the first \`ready\` cannot be told from an older one. */
    restored: () => void (cursor.position.epoch === undefined && startOver()),
    invited: () => {
      if (!barred) return
      barred = false
      comeBack(between(1, 2000))
    },
    heal: () => {
      healed = true
      line?.heal()
    },
    stop: () => {
      stopped = true
      callOffPing?.()
    },
    verdict: () => {
      const kept = database.topic(topic)
      if (!kept.members.has(userId)) return connection ? `${name} is still connected and no member` : undefined
      if (!connection) return `${name} is a member and not connected${barred ? ' (told not to come back)' : ''}`
      if (at !== kept.head) return `${name} is at ${at}, the topic at ${kept.head}`
      return JSON.stringify([...things.byId].toSorted()) === JSON.stringify([...kept.things.byId].toSorted())
        ? undefined
        : `${name} shows something else at the end`
    },
  }
}
