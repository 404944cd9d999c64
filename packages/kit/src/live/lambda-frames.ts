import type { Auth } from '../auth.ts'
import { codeOf } from '../errors.ts'
import { closeCodes } from './close-codes.ts'
import { fault, handleFrame, type RoomsSeat, type Seat } from './frames.ts'
import { shownAs } from './hand-out.ts'
import { readFrame } from './intake.ts'
import type { LambdaLive } from './lambda-live.ts'
import type { LambdaParts } from './lambda-rights.ts'
import * as registry from './lambda.redis.ts'
import type { Kept } from './lambda.redis.ts'
import type { View } from './listener.ts'
import type { Head, Log } from './log.ts'
import { control } from './message.ts'
import { viewOf } from './rooms.ts'
import type { Socket } from './socket.ts'
import type { From } from './topic.ts'

const mostFrames = 100
/** Milliseconds for which a replay rests on what it last looked at. */
const goodFor = 250

export interface FrameHandling extends LambdaParts {
  live: LambdaLive
  log: Log
  auth: Pick<Auth, 'ticket'>
}

/** One frame of a connection, by the same rules as on every transport; resolves when all of it is done. */
export const onFrame = async (parts: FrameHandling, kept: Kept, text: string): Promise<void> => {
  const { live, posts } = parts
  if (kept.refused !== undefined) return live.end(kept.id, kept.refused)
  if (kept.person.exp * 1000 <= parts.clock.now()) return live.end(kept.id, closeCodes.unauthorized)
  const socket = live.socketOf(kept)
  if (!socket) return live.end(kept.id, closeCodes.unknown)
  const [count, topics, revoked] = await Promise.all([
    registry.pace(parts, kept.id),
    registry.topicsOf(parts, kept.id),
    parts.revocations.freshCheck(kept.person),
  ])
  if (revoked) return live.end(kept.id, closeCodes.unauthorized)
  if (count > mostFrames) return live.end(kept.id, closeCodes.tooMany)
  const work: Promise<unknown>[] = []
  let said: Promise<unknown> = Promise.resolve()
  // In order, as far as one function goes.
  const send = (type: string, payload: object) => {
    said = said.then(() => posts.post(kept.id, control(type, payload)))
  }
  const seat = seatOf(parts, { kept, socket, topics, send, work: (promise) => void work.push(promise) })
  const frame = readFrame(text)
  if (typeof frame === 'number') return live.end(kept.id, frame)
  if (!frame) fault(seat, 'VALIDATION_ERROR', 'A frame is JSON: { "type": …, "payload": … }.')
  else {
    await handleFrame({ socket, warn: parts.warn }, seat, frame)
    if (frame.type === 'ping' && topics.size > 0) {
      // What was lost of the registration comes back, and who is there stays so.
      await Promise.all([registry.repair(parts, kept), live.present(kept, kept.standing ?? 'online', false)])
      // Nobody watches the heads here: one whose topic began anew comes back, and is told by its `resume`.
      if (await areOld(parts, topics)) return live.end(kept.id, closeCodes.restarting)
    }
  }
  await Promise.all(work)
  await said
}

interface SeatOf {
  kept: Kept
  socket: Socket
  topics: ReadonlyMap<string, string>
  send(type: string, payload: object): void
  work(promise: Promise<unknown>): void
}

const seatOf = (parts: FrameHandling, { kept, socket, topics, send, work }: SeatOf): Seat => {
  const { live, log } = parts
  const { protocol } = socket
  const own = protocol.topic(kept.given as never, kept.person)
  return {
    given: kept.given,
    context: () => parts.context(kept.person),
    send,
    stand: (standing) =>
      work(Promise.all([registry.keep(parts, { ...kept, standing }), live.present(kept, standing, true)])),
    has: (room) => protocol.rooms !== undefined && topics.has(protocol.rooms.prefix + room),
    standing: async () => (await log.head(own)).head,
    resume: (from) => {
      const begin = async () => {
        const at = await joinAt(parts, kept, own, from)
        if (!(await live.admit(kept))) return
        await replay(parts, { kept, topic: own, from, at, view: protocol, about: {} })
        await live.present(kept, kept.standing ?? 'online', true)
      }
      work(begin())
    },
    renew: async (ticket) => {
      const next = await parts.auth.ticket(ticket).catch((error: unknown) => codeOf(error))
      if (typeof next !== 'object' && next !== 'UNAUTHORIZED')
        return send('error', {
          code: 'UNAVAILABLE',
          message: 'This ticket could not be taken. Get a new one and try again.',
        })
      if (typeof next !== 'object' || next.id !== kept.person.id) return live.end(kept.id, closeCodes.unauthorized)
      const admitted = await live.admit({ ...kept, person: next })
      if (!admitted) return
      await registry.repair(parts, admitted)
      send('renewed', { expiresAt: new Date(next.exp * 1000).toISOString() })
    },
    rooms: protocol.rooms && roomsOf(parts, { kept, socket, topics, send, work }),
  }
}

const roomsOf = (parts: FrameHandling, { kept, socket, topics, send, work }: SeatOf): RoomsSeat => {
  const { live, log } = parts
  const rule = socket.protocol.rooms!
  return {
    subscribe: (wanted, n) => {
      const begin = async () => {
        const names = await registry.newer(parts, { id: kept.id, n, names: wanted.map((w) => w.name) })
        if (names.length === 0) return
        const allowed = await live.allowed(kept, names)
        if (allowed === 'unknown') {
          const about = names.map((name) => ({ [rule.key]: name }))
          return send('error', {
            code: 'UNAVAILABLE',
            message: 'Your right could not be decided. Try again.',
            n,
            topics: about,
          })
        }
        const mine = wanted.filter(({ name }) => names.includes(name) && allowed.has(name))
        const heads = await Promise.all(mine.map(({ name, from }) => joinAt(parts, kept, rule.prefix + name, from)))
        if (!(await live.admit(kept))) return
        for (const name of names) if (!allowed.has(name)) send('removed', { [rule.key]: name, n })
        const left = await registry.topicsOf(parts, kept.id)
        for (const [i, { name, from }] of mine.entries()) {
          const topic = rule.prefix + name
          const replaying = { kept, topic, from, at: heads[i]!, view: viewOf(rule) }
          if (left.has(topic)) await replay(parts, { ...replaying, about: { [rule.key]: name, n } })
        }
      }
      work(begin())
    },
    unsubscribe: async (names, n) => {
      const mine = await registry.newer(parts, { id: kept.id, n, names })
      await registry.leave(
        parts,
        kept.id,
        mine.map((name) => rule.prefix + name),
      )
      for (const name of mine) send('unsubscribed', { [rule.key]: name, n })
    },
    standings: async (names) => {
      const mine = names.filter((name) => topics.has(rule.prefix + name))
      const heads = await Promise.all(mine.map((name) => log.head(rule.prefix + name)))
      return Object.fromEntries(mine.map((name, i) => [name, heads[i]!.head]))
    },
  }
}

/** Puts it on a topic, then reads where that stands: what comes later is posted to it. */
const joinAt = async (parts: FrameHandling, kept: Kept, topic: string, from: From) => {
  await registry.join(parts, kept, new Map([[topic, from.epoch ?? '']]))
  const at = await parts.log.head(topic)
  if (!from.epoch) await registry.join(parts, kept, new Map([[topic, at.epoch]]))
  return at
}

/** Whether any of the topics is of another epoch now than its client believes. */
const areOld = async ({ log }: FrameHandling, topics: ReadonlyMap<string, string>) => {
  const known = [...topics].filter(([, epoch]) => epoch)
  const heads = await Promise.all(known.map(([topic]) => log.head(topic)))
  return heads.some(({ epoch }, i) => epoch !== known[i]![1])
}

interface Replaying {
  kept: Kept
  topic: string
  from: From
  at: Head
  view: View
  about: object
}

/**
 * What came after, then where it stands. What is published meanwhile may come between: clients put it in order. `at` is
 * of before the right was decided, so that nothing up to it is of after its end. It may take long, so it looks whether it
 * is still wanted: a later `resume` takes its place.
 */
const replay = async (parts: FrameHandling, { kept, topic, from, at, view, about }: Replaying) => {
  const { live, log, posts, clock } = parts
  const { head, epoch } = at
  const { after } = from
  const tell = (type: string) => posts.post(kept.id, control(type, { ...about, seq: head, ...(epoch && { epoch }) }))
  const restart = async () => {
    await tell('reset')
    await tell('ready')
  }
  const mine = await registry.replays(parts, kept, topic)
  const isGood = async () => {
    const [[now], latest] = await Promise.all([
      registry.find(parts, [kept.id]),
      registry.replaying(parts, kept.id, topic),
    ])
    return now !== undefined && latest === mine && (await live.stillMay(now, topic))
  }
  let looked = clock.now()
  if ((from.epoch && epoch && from.epoch !== epoch) || (after !== undefined && after > head)) return restart()
  for (let sent = after ?? head; sent < head;) {
    const frames = await log.read(topic, sent)
    if (frames[0]?.seq !== sent + 1) return restart()
    for (const frame of frames) {
      if (frame.seq > head) break
      if (clock.now() - looked > goodFor) {
        if (!(await isGood())) return
        looked = clock.now()
      }
      if (!(await posts.post(kept.id, shownAs(parts, frame, view)))) return
      sent = frame.seq
    }
  }
  await tell('ready')
}
