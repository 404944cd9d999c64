import { versions as membershipVersions } from '../membership.redis.ts'
import type { Redis } from '../redis.ts'
import { type CloseCode, closeCodes } from './close-codes.ts'
import { type Frame, passing } from './frame.ts'
import { shownAs } from './hand-out.ts'
import { forEach, type Posts } from './lambda-posts.ts'
import * as registry from './lambda.redis.ts'
import type { Kept } from './lambda.redis.ts'
import type { View } from './listener.ts'
import { control } from './message.ts'
import type { Show } from './presence.ts'
import { read, say, type Standing } from './presence.redis.ts'
import { decide, decideRooms, type RightParts } from './right.ts'
import { viewOf } from './rooms.ts'
import type { Socket } from './socket.ts'

export interface LambdaParts extends RightParts {
  redis: Redis
  posts: Posts
  sockets: readonly Socket[]
  clock: { now(): number }
}

export interface LambdaLive {
  /** To everybody who is on the frame's topic, each checked first. */
  publish(frame: Frame): Promise<void>
  /** Decides the right on the socket itself; what is refused ends the connection. */
  admit(kept: Kept): Promise<Kept | undefined>
  /** Which of these rooms the person may have; those that nobody could decide are `unknown`. */
  allowed(kept: Kept, names: readonly string[]): Promise<ReadonlySet<string> | 'unknown'>
  end(id: string, code: CloseCode): Promise<void>
  socketOf(kept: Kept): Socket | undefined
  /** Says how somebody stands where their socket puts them, null for gone; tells the others where that may be new. */
  present(kept: Kept, standing: Standing | null, news: boolean): Promise<void>
  /** Ends connections that are revoked or whose time is over, though nothing is said on them. */
  sweep(): Promise<void>
}

/** A 410 is believed of a connection that is older: a younger one may not be there yet. */
const youngMs = 30_000
const presentMs = 70_000

/**
 * Live delivery where no process stays: connections are in Redis, and whoever commits posts to them, each checked before.
 * There is no hub to notice a loss, and no order: clients put events in order by seq, and find holes.
 */
export const openLambdaLive = (parts: LambdaParts): LambdaLive => {
  const { redis, posts, clock, revocations, warn } = parts
  const socketOf = ({ route }: Pick<Kept, 'route'>) => parts.sockets.find((s) => s.route.path === route)

  const end = async (id: string, code: CloseCode) => {
    await Promise.all([posts.bye(id, code), registry.drop(redis, id)])
  }

  const versionsOf = async (workspaces: readonly string[]) => {
    const known = await membershipVersions(redis, workspaces)
    return Object.fromEntries(workspaces.map((id) => [id, known.get(id) ?? -1]))
  }

  const admit: LambdaLive['admit'] = async (kept) => {
    const socket = socketOf(kept)
    if (!socket) return void (await end(kept.id, closeCodes.unknown))
    const verdict = await decide(parts, socket, kept.person, kept.given)
    if (verdict === 'unknown') return void (await end(kept.id, closeCodes.restarting))
    if ('refused' in verdict) return void (await end(kept.id, verdict.refused))
    const admitted = { ...kept, versions: await versionsOf(verdict.grant.workspaces) }
    await registry.keep(redis, admitted)
    return admitted
  }

  const allowed: LambdaLive['allowed'] = (kept, names) => {
    const rule = socketOf(kept)?.protocol.rooms
    return rule
      ? decideRooms(parts, { rule, person: kept.person, given: kept.given }, names)
      : Promise.resolve(new Set())
  }

  // Ended where it may not be any more; what rests on an older version of a workspace is decided again, by a fresh read.
  const standing = async (kept: Kept): Promise<'same' | 'anew' | 'ended'> => {
    if (kept.person.exp * 1000 <= clock.now() || (await revocations.freshCheck(kept.person))) {
      await end(kept.id, closeCodes.unauthorized)
      return 'ended'
    }
    const known = await versionsOf(Object.keys(kept.versions ?? {}))
    if (kept.versions && Object.entries(known).every(([id, v]) => v >= 0 && v === kept.versions![id])) return 'same'
    return (await admit(kept)) ? 'anew' : 'ended'
  }
  const stillMay = async (kept: Kept, topic: string): Promise<boolean> => {
    const now = await standing(kept)
    if (now !== 'anew') return now === 'same'
    const rule = socketOf(kept)?.protocol.rooms
    if (!rule || !isRoom(kept, topic)) return true
    const name = topic.slice(rule.prefix.length)
    const may = await allowed(kept, [name])
    if (may !== 'unknown' && may.has(name)) return true
    await lose(kept, topic)
    return false
  }

  const isRoom = (kept: Kept, topic: string) => {
    const { protocol } = socketOf(kept)!
    return protocol.rooms !== undefined && topic !== protocol.topic(kept.given as never, kept.person)
  }
  const lose = async (kept: Kept, topic: string) => {
    const { rooms } = socketOf(kept)!.protocol
    await registry.leave(redis, kept.id, [topic])
    await posts.post(kept.id, control('removed', { [rooms!.key]: topic.slice(rooms!.prefix.length) }))
  }

  const handOver = async (kept: Kept, frame: Frame) => {
    const socket = socketOf(kept)
    if (!socket || !(await stillMay(kept, frame.topic))) return
    const room = isRoom(kept, frame.topic)
    const view: View = room ? viewOf(socket.protocol.rooms!) : socket.protocol
    const there = await posts.post(kept.id, shownAs(parts, frame, view))
    if (!there && kept.at < clock.now() - youngMs) return registry.drop(redis, kept.id)
    const code = view.endings?.(frame)?.(kept.person)
    if (code === undefined) return
    if (code === 'recheck') return void (await admit(kept))
    return room ? lose(kept, frame.topic) : end(kept.id, code)
  }

  const told = async (topic: string, tell: (kept: Kept) => Promise<unknown>) => {
    const ids = await registry.listenersOf(redis, topic, clock.now())
    const kept = (await registry.find(redis, ids)).filter((k) => k !== undefined)
    await forEach(kept, async (k) => {
      await tell(k).catch((error: unknown) => warn('a connection could not be told', { err: error }))
    })
  }
  const publish = (frame: Frame) => told(frame.topic, (kept) => handOver(kept, frame))

  const present: LambdaLive['present'] = async (kept, standing, news) => {
    const rule = socketOf(kept)?.protocol.presence
    if (!rule) return
    const place = rule.place(kept.given as never, kept.person)
    const now = clock.now()
    const before = news ? (await read(redis, { place, now })).people : undefined
    const people = new Map([[kept.person.id, standing]])
    await say(redis, { place, process: kept.id, people, now, until: now + presentMs, lastSeen: rule.lastSeen ?? false })
    if (!before) return
    const after = (await read(redis, { place, now })).people
    // Who is there by one protocol may be shown by another: a workspace's people by those who have its rooms open.
    const frames = new Map<Show, Frame>()
    await told(place, async (listener) => {
      const show = socketOf(listener)?.protocol.presence?.show
      if (!show) return
      const frame = frames.get(show) ?? passing(place, 'presence', show(after, before))
      frames.set(show, frame)
      await handOver(listener, frame)
    })
  }

  return {
    publish,
    admit,
    allowed,
    end,
    socketOf,
    present,
    sweep: async () => {
      const kept = await registry.find(redis, await registry.all(redis, clock.now()))
      await forEach(
        kept.filter((k) => k !== undefined),
        async (k) => {
          // One that has not joined anything yet rests on nothing.
          if (k.versions) await standing(k)
          else if (await revocations.freshCheck(k.person)) await end(k.id, closeCodes.unauthorized)
        },
      )
    },
  }
}
