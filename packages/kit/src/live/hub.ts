import type { Bus } from '../bus.ts'
import { type CloseCode, closeCodes } from './close-codes.ts'
import { channelOf, decode, type Frame } from './frame.ts'
import { control, type Endings, type Listener } from './listener.ts'
import type { Log } from './log.ts'
import { pause, type Timing } from './timing.ts'
import { forgetHeld, forgetRing, hold, recall, remember, type Subscription, takeHeld, type Topic } from './topic.ts'

/**
 * One hub a process. A topic exists here while somebody listens to it. A subscription is `waiting` until its first
 * resume; `catching up` while it reads pages from the log (live events pass it by); `live` from the tick in which it has
 * all that was handed out. The bus may lose, double and reorder: the seq tells, and the log has everything.
 */
export interface Hub {
  /** Registers a listener; it is decided on afterwards, so that nothing is revoked in between. */
  add(listener: Listener): void
  remove(listener: Listener): void
  /** Joins a topic in state waiting. */
  join(name: string, listener: Listener, endings?: Endings): Subscription
  leave(subscription: Subscription): void
  /** Sends what came after `after`, then `ready`, then live. Without `after` live from now on. */
  resume(subscription: Subscription, from: { after?: number | undefined; epoch?: string | undefined }): Promise<void>
  /** A frame from the bus, or of this process's own commit. */
  offer(frame: Frame): void
  /** Compares all topics with the log; done each second, and after the bus was away. */
  poll(): Promise<void>
  listeners(): Iterable<Listener>
  closeWhere(which: (listener: Listener) => boolean, code: CloseCode): void
  close(): void
}

/** What the hub counts, for metrics. */
export interface Counts {
  delivered(n: number): void
  filled(): void
  reset(): void
  slow(): void
}

export interface HubOptions {
  bus: Bus
  log: Log
  timing: Timing
  counts: Counts
  warn(message: string, about: object): void
}

const page = 100
const holeWait = 100
const pollEvery = 1000
const tooFarBehind = 1000
const mostUnsent = 1024 * 1024
const nextFrameBelow = 64 * 1024
const stuckAfter = 5000

export const openHub = ({ bus, log, timing, counts, warn }: HubOptions): Hub => {
  const topics = new Map<string, Topic>()
  const listeners = new Map<Listener, { sent: number; left: number; at: number; subscriptions: Set<Subscription> }>()
  let closed = false

  const deliver = (s: Subscription, frame: Frame, data: Buffer, ending: ReturnType<Endings>) => {
    const known = listeners.get(s.listener)
    if (!known) return
    if (s.listener.unsent() > mostUnsent) return slow(s.listener)
    s.sent = frame.seq
    known.sent += data.length
    s.listener.send(data)
    const code = ending?.(s.listener.person)
    if (code === 'recheck') s.listener.recheck()
    else if (code !== undefined) s.listener.close(code)
  }

  const slow = (listener: Listener) => {
    counts.slow()
    listener.close(closeCodes.tooSlow)
  }

  const handOut = (topic: Topic, frame: Frame) => {
    topic.delivered = frame.seq
    remember(topic, frame)
    const data = Buffer.from(frame.text)
    const ending = topic.endings?.(frame)
    let n = 0
    for (const s of topic.subscriptions)
      if (s.state === 'live' && s.sent < frame.seq) {
        deliver(s, frame, data, ending)
        n++
      }
    counts.delivered(n)
  }

  const drainHeld = (topic: Topic) => {
    for (let next = takeHeld(topic, topic.delivered! + 1); next; next = takeHeld(topic, topic.delivered! + 1))
      handOut(topic, next)
    if (topic.held.size === 0) {
      topic.callOffHole?.()
      topic.callOffHole = undefined
    } else armHole(topic)
  }

  const armHole = (topic: Topic) => {
    topic.callOffHole ??= timing.after(holeWait, () => {
      topic.callOffHole = undefined
      if (topic.held.size > 0) void fill(topic)
    })
  }

  const offerTo = (topic: Topic, frame: Frame) => {
    if (topic.delivered === undefined) return hold(topic, frame)
    if (frame.seq <= topic.delivered) return
    if (frame.seq > topic.delivered + 1) {
      hold(topic, frame)
      return armHole(topic)
    }
    handOut(topic, frame)
    if (topic.held.size > 0) drainHeld(topic)
  }

  // Reads what is missing from the log. One at a time a topic; what fails is tried again by the next poll.
  const fill = async (topic: Topic) => {
    if (topic.filling || topic.delivered === undefined) return
    topic.filling = true
    try {
      for (let more = true; more && topics.get(topic.name) === topic;) {
        const from = topic.delivered
        const frames = await log.read(topic.name, from, page)
        counts.filled()
        for (const frame of frames) {
          if (frame.seq <= topic.delivered) continue
          if (frame.seq !== topic.delivered + 1) return resetAll(topic, frames.at(-1)!.seq, topic.epoch)
          handOut(topic, frame)
        }
        more = frames.length === page
        if (more && topic.delivered - from >= page) await pause(timing, 0)
      }
      drainHeld(topic)
    } catch (error) {
      warn('a topic could not be filled from its log', { topic: topic.name, err: error })
    } finally {
      topic.filling = false
    }
  }

  const tell = (s: Subscription, type: 'ready' | 'reset') => {
    s.listener.send(control(type, { seq: s.sent, epoch: s.topic.epoch }))
  }

  const reset = (s: Subscription) => {
    counts.reset()
    s.sent = s.topic.delivered!
    s.state = 'live'
    tell(s, 'reset')
    tell(s, 'ready')
  }

  // The log does not hold what would follow: somebody else's restore, or retention. Everybody reads the state anew.
  const resetAll = (topic: Topic, head: number, epoch: string) => {
    warn('a topic does not continue; its listeners read anew', { topic: topic.name, delivered: topic.delivered, head })
    topic.delivered = head
    topic.epoch = epoch
    forgetHeld(topic)
    forgetRing(topic)
    for (const s of topic.subscriptions) {
      s.generation++
      if (s.state !== 'waiting') reset(s)
    }
  }

  const open = async (topic: Topic) => {
    for (let attempt = 1; topics.get(topic.name) === topic && !closed; attempt++) {
      try {
        const known = (await log.heads([topic.name])).get(topic.name)
        topic.delivered = known?.head ?? 0
        topic.epoch = known?.epoch ?? ''
        return drainHeld(topic)
      } catch (error) {
        warn('the head of a topic could not be read', { topic: topic.name, err: error })
        await pause(timing, Math.min(100 * 2 ** attempt, 2000))
      }
    }
  }

  const topicOf = (name: string, endings: Endings | undefined): Topic => {
    const there = topics.get(name)
    if (there) return there
    const topic: Topic = {
      name,
      epoch: '',
      delivered: undefined,
      subscriptions: new Set(),
      endings,
      held: new Map(),
      heldBytes: 0,
      ring: [],
      ringBytes: 0,
      filling: false,
      opening: undefined,
      callOffHole: undefined,
      leave: bus.subscribe(channelOf(name), (message) => {
        const frame = decode(name, message)
        if (frame) offerTo(topic, frame)
      }),
    }
    topics.set(name, topic)
    topic.opening = open(topic)
    return topic
  }

  const leave = (s: Subscription) => {
    s.generation++
    s.topic.subscriptions.delete(s)
    listeners.get(s.listener)?.subscriptions.delete(s)
    if (s.topic.subscriptions.size > 0 || topics.get(s.topic.name) !== s.topic) return
    topics.delete(s.topic.name)
    s.topic.callOffHole?.()
    s.topic.leave()
  }

  const resume: Hub['resume'] = async (s, { after, epoch }) => {
    const { topic } = s
    const generation = ++s.generation
    const gone = () => s.generation !== generation || !topic.subscriptions.has(s)
    s.state = 'catching up'
    await topic.opening
    if (gone()) return
    if (after === undefined) s.sent = topic.delivered!
    else {
      s.sent = after
      if (epoch && topic.epoch && epoch !== topic.epoch) return reset(s)
      // The client may be ahead of this process, but not of the log.
      if (after > topic.delivered!) {
        const head = (await retried(() => log.heads([topic.name]), gone))?.get(topic.name)?.head ?? 0
        if (gone()) return
        if (after > head) return reset(s)
      }
    }
    while (s.sent < topic.delivered!) {
      const frames = recall(topic, s.sent) ?? (await retried(() => log.read(topic.name, s.sent, page), gone))
      if (gone() || !frames) return
      for (const frame of frames) {
        if (frame.seq !== s.sent + 1) break
        while (s.listener.unsent() > nextFrameBelow) {
          await pause(timing, 20)
          if (gone()) return
        }
        deliver(s, frame, Buffer.from(frame.text), topic.endings?.(frame))
        if (gone()) return
      }
      if (frames.length === 0 || s.sent < frames.at(-1)!.seq) {
        warn('the log has a hole; the listener reads anew', { topic: topic.name, after: s.sent })
        return reset(s)
      }
    }
    s.state = 'live'
    tell(s, 'ready')
  }

  const retried = async <T>(read: () => Promise<T>, gone: () => boolean): Promise<T | undefined> => {
    for (let attempt = 1; !gone(); attempt++) {
      try {
        return await read()
      } catch (error) {
        warn('the log could not be read', { err: error })
        await pause(timing, Math.min(100 * 2 ** attempt, 2000) * (0.5 + timing.random()))
      }
    }
    return undefined
  }

  const poll = async () => {
    const open = [...topics.values()].filter((t) => t.delivered !== undefined)
    for (let i = 0; i < open.length; i += 1000) {
      const some = open.slice(i, i + 1000)
      const before = new Map(some.map((t) => [t.name, t.delivered!]))
      const heads = await log.heads(some.map((t) => t.name))
      for (const topic of some) {
        if (topics.get(topic.name) !== topic) continue
        const { head, epoch } = heads.get(topic.name) ?? { head: 0, epoch: topic.epoch }
        if (topic.epoch === '') topic.epoch = epoch
        if (head < before.get(topic.name)! || epoch !== topic.epoch) resetAll(topic, head, epoch)
        else if (head > topic.delivered! + tooFarBehind) skipAhead(topic, head)
        else if (head > topic.delivered!) await fill(topic)
      }
    }
  }

  // Too far behind to be handed out in one go: each listener reads at its own pace.
  const skipAhead = (topic: Topic, head: number) => {
    forgetRing(topic)
    topic.delivered = head
    for (const s of topic.subscriptions) if (s.state === 'live' && s.sent < head) void resume(s, { after: s.sent })
    drainHeld(topic)
  }

  // Five seconds without a byte leaving is a listener that does not read.
  const watch = () => {
    for (const [listener, known] of listeners) {
      const unsent = listener.unsent()
      const left = known.sent - unsent
      if (unsent === 0 || left > known.left) {
        known.left = Math.max(left, known.left)
        known.at = timing.now()
      } else if (timing.now() - known.at >= stuckAfter) slow(listener)
    }
  }

  let callOff: () => void = () => undefined
  const each = () => {
    callOff = timing.after(pollEvery, () => {
      watch()
      void poll()
        .catch((error: unknown) => warn('the heads could not be read', { err: error }))
        .finally(() => void (closed || each()))
    })
  }
  each()
  const forget = bus.onReturn(() => void timing.after(timing.random() * 1000, () => void poll().catch(() => undefined)))

  return {
    add: (listener) => void listeners.set(listener, { sent: 0, left: 0, at: timing.now(), subscriptions: new Set() }),
    remove: (listener) => {
      for (const s of listeners.get(listener)?.subscriptions ?? []) leave(s)
      listeners.delete(listener)
    },
    join: (name, listener, endings) => {
      const topic = topicOf(name, endings)
      const s: Subscription = { topic, listener, state: 'waiting', sent: 0, generation: 0 }
      topic.subscriptions.add(s)
      listeners.get(listener)?.subscriptions.add(s)
      return s
    },
    leave,
    resume,
    offer: (frame) => {
      const topic = topics.get(frame.topic)
      if (topic) offerTo(topic, frame)
    },
    poll,
    listeners: () => listeners.keys(),
    closeWhere: (which, code) => {
      for (const listener of [...listeners.keys()]) if (which(listener)) listener.close(code)
    },
    close: () => {
      closed = true
      callOff()
      forget()
      for (const topic of topics.values()) topic.leave()
    },
  }
}
