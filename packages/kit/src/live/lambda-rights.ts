import { versions as membershipVersions } from '../membership.redis.ts'
import { type CloseCode, closeCodes } from './close-codes.ts'
import { forEach, type Posts } from './lambda-posts.ts'
import * as registry from './lambda.redis.ts'
import type { Kept, Registry } from './lambda.redis.ts'
import { control } from './message.ts'
import { decide, decideRooms, type RightParts } from './right.ts'
import type { Grant, Socket } from './socket.ts'
import type { Timing } from './timing.ts'

export interface LambdaParts extends RightParts, Registry {
  posts: Posts
  sockets: readonly Socket[]
  clock: { now(): number }
  timing: Pick<Timing, 'random'>
}

/** Who may still hear what, where connections are in Redis and no process watches them. */
export interface LambdaRights {
  socketOf(kept: Kept): Socket | undefined
  /** Whether the topic is one of its rooms, and not its own. */
  isRoom(kept: Kept, topic: string): boolean
  end(id: string, code: CloseCode): Promise<void>
  /** Takes a room from it, and says so. */
  lose(kept: Kept, topic: string): Promise<void>
  /** Decides the right on the socket itself and on each room it has; what is refused ends the connection, or is lost. */
  admit(kept: Kept): Promise<Kept | undefined>
  /** Which of these rooms the person may have; those that nobody could decide are `unknown`. */
  allowed(kept: Kept, names: readonly string[]): Promise<ReadonlySet<string> | 'unknown'>
  /** Before each event: ended where its time is over, decided again where it rests on an older version of a workspace. */
  stillMay(kept: Kept, topic: string): Promise<boolean>
  /** Each minute, of every connection: what nobody heard of ends all the same. */
  sweep(): Promise<void>
}

export const openLambdaRights = (parts: LambdaParts): LambdaRights => {
  const { redis, posts, clock, timing, revocations, warn } = parts
  const socketOf = ({ route }: Kept) => parts.sockets.find((s) => s.route.path === route)

  const end = async (id: string, code: CloseCode) => {
    // Told first: a frame that comes when nothing is kept of it any more is told to come back.
    await posts.bye(id, code)
    await registry.drop(parts, id)
  }

  const isRoom = (kept: Kept, topic: string) => {
    const { protocol } = socketOf(kept)!
    return protocol.rooms !== undefined && topic !== protocol.topic(kept.given as never, kept.person)
  }
  const nameOf = (kept: Kept, topic: string) => topic.slice(socketOf(kept)!.protocol.rooms!.prefix.length)
  const lose = async (kept: Kept, topic: string) => {
    await registry.leave(parts, kept.id, [topic])
    await posts.post(kept.id, control('removed', { [socketOf(kept)!.protocol.rooms!.key]: nameOf(kept, topic) }))
  }

  const allowed: LambdaRights['allowed'] = (kept, names) => {
    const rule = socketOf(kept)?.protocol.rooms
    return rule
      ? decideRooms(parts, { rule, person: kept.person, given: kept.given }, names)
      : Promise.resolve(new Set())
  }

  const versionsOf = async (workspaces: readonly string[]) => {
    const known = await membershipVersions(redis, workspaces)
    return Object.fromEntries(workspaces.map((id) => [id, known.get(id) ?? -1]))
  }

  // By fresh reads: the socket's own right, then those on all its rooms in one statement.
  const settle = async (kept: Kept): Promise<Grant | 'ended' | 'unknown'> => {
    const ended = async (code: CloseCode) => {
      await end(kept.id, code)
      return 'ended' as const
    }
    const socket = socketOf(kept)
    if (!socket) return ended(closeCodes.unknown)
    const verdict = await decide(parts, socket, kept.person, kept.given)
    if (verdict === 'unknown') return 'unknown'
    if ('refused' in verdict) return ended(verdict.refused)
    const rooms = [...(await registry.topicsOf(parts, kept.id)).keys()].filter((topic) => isRoom(kept, topic))
    if (rooms.length === 0) return verdict.grant
    const names = rooms.map((topic) => nameOf(kept, topic))
    const may = await allowed(kept, names)
    if (may === 'unknown') return 'unknown'
    await Promise.all(rooms.filter((_, i) => !may.has(names[i]!)).map((topic) => lose(kept, topic)))
    return verdict.grant
  }

  // The versions are read before the right: what changes meanwhile makes them old. Which ones they are, the right says.
  const admit: LambdaRights['admit'] = async (kept) => {
    for (let workspaces: readonly string[] = Object.keys(kept.versions ?? {}); ;) {
      const versions = await versionsOf(workspaces)
      const settled = await settle(kept)
      if (settled === 'unknown') await end(kept.id, closeCodes.restarting)
      if (typeof settled === 'string') return undefined
      ;({ workspaces } = settled)
      if (!workspaces.every((id) => id in versions)) continue
      const admitted = { ...kept, versions }
      await registry.keep(parts, admitted)
      return admitted
    }
  }

  const isOver = (kept: Kept) => kept.person.exp * 1000 <= clock.now()

  const stillMay: LambdaRights['stillMay'] = async (kept, topic) => {
    if (isOver(kept) || (await revocations.freshCheck(kept.person))) {
      await end(kept.id, closeCodes.unauthorized)
      return false
    }
    const known = await versionsOf(Object.keys(kept.versions ?? {}))
    if (kept.versions && Object.entries(known).every(([id, v]) => v >= 0 && v === kept.versions![id])) return true
    if (!(await admit(kept))) return false
    return !isRoom(kept, topic) || (await registry.topicsOf(parts, kept.id)).has(topic)
  }

  // Read now and never written, so that nothing it says of itself meanwhile is undone. What nobody can decide stays as it
  // is: nothing says that it changed, and the next minute asks again.
  const review = async (id: string) => {
    const [kept] = await registry.find(parts, [id])
    if (!kept || kept.refused !== undefined) return
    if (isOver(kept)) await end(id, closeCodes.unauthorized)
    else if (kept.versions) await settle(kept)
    // One that has not joined anything yet rests on nothing.
    else if (await revocations.freshCheck(kept.person)) await end(id, closeCodes.unauthorized)
  }

  return {
    socketOf,
    isRoom,
    end,
    lose,
    admit,
    allowed,
    stillMay,
    sweep: async () => {
      const ids = await registry.all(parts, clock.now())
      // In another order each minute: were there too many for one, they are not always the same that wait for the next.
      await forEach(shuffled(ids, timing.random), (id) =>
        review(id).catch((error: unknown) => warn('a connection could not be decided again', { err: error })),
      )
    },
  }
}

const shuffled = <T>(items: readonly T[], random: () => number): T[] =>
  items
    .map((item) => ({ item, at: random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item)
