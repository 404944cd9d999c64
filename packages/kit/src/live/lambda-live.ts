import { type Frame, passing } from './frame.ts'
import { shownAs } from './hand-out.ts'
import { forEach } from './lambda-posts.ts'
import { type LambdaParts, type LambdaRights, openLambdaRights } from './lambda-rights.ts'
import * as registry from './lambda.redis.ts'
import type { Kept } from './lambda.redis.ts'
import type { View } from './listener.ts'
import type { Show } from './presence.ts'
import { read, say, type Standing } from './presence.redis.ts'
import { viewOf } from './rooms.ts'

export interface LambdaLive extends Pick<
  LambdaRights,
  'admit' | 'allowed' | 'end' | 'socketOf' | 'stillMay' | 'sweep'
> {
  /** To everybody who is on the frame's topic, each checked first. */
  publish(frame: Frame): Promise<void>
  /** Says how somebody stands where their socket puts them, null for gone; tells the others where that may be new. */
  present(kept: Kept, standing: Standing | null, news: boolean): Promise<void>
}

/** A 410 is believed of a connection that is older: a younger one may not be there yet. */
const youngMs = 30_000
const presentMs = 70_000

/**
 * Live delivery where no process stays: connections are in Redis, and whoever commits posts to them, each checked before.
 * There is no hub to notice a loss, and no order: clients put events in order by seq, and find holes.
 */
export const openLambdaLive = (parts: LambdaParts): LambdaLive => {
  const { redis, posts, clock, warn } = parts
  const rights = openLambdaRights(parts)
  const { admit, allowed, end, sweep, socketOf, isRoom, lose, stillMay } = rights

  const handOver = async (kept: Kept, frame: Frame) => {
    const socket = socketOf(kept)
    if (!socket || !(await stillMay(kept, frame.topic))) return
    const room = isRoom(kept, frame.topic)
    const view: View = room ? viewOf(socket.protocol.rooms!) : socket.protocol
    const there = await posts.post(kept.id, shownAs(parts, frame, view))
    if (!there && kept.at < clock.now() - youngMs) return registry.drop(parts, kept.id)
    const code = view.endings?.(frame)?.(kept.person)
    if (code === undefined) return
    if (code === 'recheck') return void (await admit(kept))
    return room ? lose(kept, frame.topic) : end(kept.id, code)
  }

  const told = async (topic: string, tell: (kept: Kept) => Promise<unknown>) => {
    const ids = await registry.listenersOf(parts, topic, clock.now())
    const kept = (await registry.find(parts, ids)).filter((k) => k !== undefined)
    await forEach(kept, async (k) => {
      await tell(k).catch((error: unknown) => warn('a connection could not be told', { err: error }))
    })
  }

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

  const publish = (frame: Frame) => told(frame.topic, (kept) => handOver(kept, frame))
  return { publish, admit, allowed, end, socketOf, stillMay, present, sweep }
}
