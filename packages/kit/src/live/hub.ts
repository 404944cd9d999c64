import type { Bus } from '../bus.ts'
import { catchUp, retried } from './catch-up.ts'
import { type CloseCode, closeCodes } from './close-codes.ts'
import { channelOf, decode, type Frame } from './frame.ts'
import { handOut, pass } from './hand-out.ts'
import type { Listener, View } from './listener.ts'
import { openListeners } from './listeners.ts'
import { type Head, type Log, page } from './log.ts'
import type { Timing } from './timing.ts'
import {
  forgetHeld,
  forgetOld,
  forgetRing,
  type From,
  hold,
  openTopic,
  type Subscription,
  takeNext,
  type Topic,
} from './topic.ts'

/**
 * One hub a process: between the bus, which may lose, double and reorder, and the listeners, who see each seq of a topic
 * once and in order. The seq tells what is missing, and the log has everything.
 *
 * A topic is here while it has listeners. It *opens* by reading its head; what the bus brings until then is held. From
 * then on `delivered` is the last seq handed out: the next one is handed out, a later one held. A hole is given 100 ms,
 * then filled from the log. Each second the heads of all topics are compared with the log, so that what nobody
 * published is found too. A topic that fell far behind, or whose log does not continue, is not handed out any further:
 * its listeners catch up by themselves, or read anew.
 *
 * A listener is on a topic *waiting* until its first resume; *catching up* while it reads pages of the log at its own
 * pace, and live events pass it by; *live* from the tick in which it has all that was handed out. Each resume, leaving
 * and reset raise its generation, and what was begun under an older one stops after its next wait.
 */
export interface Hub {
  /** Registers a listener. Its right is decided afterwards, so that nothing that ends it falls between. */
  add(listener: Listener): void
  remove(listener: Listener): void
  /** Puts a listener on a topic, waiting. */
  join(name: string, listener: Listener, view: View): Subscription
  /** Resolves once whatever happens on the topic from now on is handed out here: the time to decide a right. */
  opened(subscription: Subscription): Promise<void>
  leave(subscription: Subscription): void
  /** Sends what came after `from.after`, then `ready`, then live; without `after` live from now on. */
  resume(subscription: Subscription, from: From): Promise<void>
  /** A frame from the bus, or of a commit of this process. */
  offer(frame: Frame): void
  /** Compares all topics with the log. */
  poll(): Promise<void>
  listeners(): Iterable<Listener>
  readonly size: number
  /** How many of them are this person's. */
  countOf(personId: string): number
  closeWhere(which: (listener: Listener) => boolean, code: CloseCode): void
  /** Tells every listener to come back elsewhere, evenly spread over `ms`; who comes meanwhile is told at once. */
  drain(ms: number): Promise<void>
  close(): void
}

/** What the hub counts, for metrics. */
export interface Counts {
  delivered(n: number): void
  /** A seq that did not come in its turn. */
  gap(): void
  /** A read of the log to fill one. */
  filled(): void
  /** A log that does not continue where it should: an error, or somebody restored the database. */
  broken(): void
  reset(): void
  slow(): void
}

export interface HubParts {
  bus: Pick<Bus, 'subscribe' | 'onReturn'>
  log: Log
  timing: Timing
  counts: Counts
  warn(message: string, about: object): void
}

const holeWait = 100
const pollEvery = 1000
const tooFarBehind = 1000

export const openHub = (parts: HubParts): Hub => {
  const { bus, log, timing, counts, warn } = parts
  const topics = new Map<string, Topic>()
  const listeners = openListeners({ timing, slow: counts.slow })
  let closed = false
  let callOffPoll: (() => void) | undefined

  const isHere = (topic: Topic) => !closed && topics.get(topic.name) === topic
  const isBehind = (topic: Topic) => topic.highest > topic.delivered!

  const offerTo = (topic: Topic, frame: Frame) => {
    if (frame.seq === 0) return pass(parts, topic, frame)
    if (topic.delivered === undefined) return hold(topic, frame)
    if (frame.seq <= topic.delivered) return
    if (frame.seq === topic.delivered + 1) handOut(parts, topic, frame)
    else hold(topic, frame)
    handOutHeld(topic)
  }

  const handOutHeld = (topic: Topic) => {
    if (topic.held.size > 0) for (let next = takeNext(topic); next; next = takeNext(topic)) handOut(parts, topic, next)
    if (isBehind(topic)) return waitForHole(topic)
    topic.callOffHole?.()
    topic.callOffHole = undefined
  }

  const waitForHole = (topic: Topic) => {
    if (topic.callOffHole || topic.filling || !isHere(topic)) return
    topic.callOffHole = timing.after(holeWait, () => {
      topic.callOffHole = undefined
      if (!isBehind(topic)) return
      counts.gap()
      mend(topic)
    })
  }

  const mend = (topic: Topic) =>
    topic.highest > topic.delivered! + tooFarBehind ? fallBehind(topic) : void fill(topic)

  // Reads what is missing from the log, one read at a time a topic. What fails is tried again by the next poll.
  const fill = async (topic: Topic) => {
    if (topic.filling) return
    const { generation } = topic
    topic.filling = true
    try {
      for (let more = true; more;) {
        const { highest } = topic
        const frames = await log.read(topic.name, topic.delivered!)
        counts.filled()
        if (!isHere(topic) || topic.generation !== generation) return
        for (const frame of frames)
          if (frame.seq === topic.delivered! + 1) handOut(parts, topic, frame)
          else if (frame.seq > topic.delivered!) return await beginAnew(topic)
        more = frames.length === page
        // The bus told of something that the log did not have afterwards.
        if (!more && highest > topic.delivered!) return await beginAnew(topic)
      }
    } catch (error) {
      warn('a topic could not be filled from its log', { topic: topic.name, err: error })
      return
    } finally {
      topic.filling = false
    }
    handOutHeld(topic)
  }

  const beginAnew = async (topic: Topic) => {
    const { generation } = topic
    const head = await log.head(topic.name)
    if (isHere(topic) && topic.generation === generation) resetAll(topic, head)
  }

  // The log does not go on from where this process is: a database that was restored, a retention that was too short.
  const resetAll = (topic: Topic, { head, epoch }: Head) => {
    counts.broken()
    warn('a topic does not continue; its listeners read anew', { topic: topic.name, delivered: topic.delivered, head })
    topic.generation++
    topic.delivered = topic.highest = head
    topic.epoch = epoch
    forgetHeld(topic)
    forgetRing(topic)
    restart(topic, () => 'anew')
  }

  // Too far behind to be handed out in one go: each listener reads at its own pace.
  const fallBehind = (topic: Topic) => {
    topic.generation++
    topic.delivered = topic.highest
    forgetRing(topic)
    restart(topic, (s) => s.asked ?? { after: s.sent })
    handOutHeld(topic)
  }

  // Events that are not handed out end nobody's right: it is decided again before anything else is sent.
  const restart = (topic: Topic, from: (s: Subscription) => From | 'anew') => {
    for (const s of topic.subscriptions) {
      s.listener.recheck()
      if (s.state !== 'waiting') void catchUp(parts, s, from(s))
    }
  }

  const open = async (topic: Topic) => {
    const found = await retried(
      parts,
      () => log.head(topic.name),
      () => !isHere(topic),
    )
    if (!found) return
    topic.epoch = found.epoch
    topic.delivered = found.head
    topic.highest = Math.max(topic.highest, found.head)
    handOutHeld(topic)
  }

  const topicOf = (name: string): Topic => {
    const there = topics.get(name)
    if (there) return there
    const topic = openTopic(name)
    topics.set(name, topic)
    topic.leave = bus.subscribe(channelOf(name), (message) => {
      const frame = decode(name, message)
      if (frame) offerTo(topic, frame)
    })
    topic.opened = open(topic)
    return topic
  }

  const leave = (s: Subscription) => {
    const { topic } = s
    s.generation++
    topic.subscriptions.delete(s)
    listeners.left(s)
    if (topic.subscriptions.size > 0 || topics.get(topic.name) !== topic) return
    topics.delete(topic.name)
    topic.callOffHole?.()
    topic.leave()
  }

  const poll = async () => {
    const open = [...topics.values()].filter((topic) => topic.delivered !== undefined)
    const asked = new Map(open.map((t) => [t.name, { topic: t, generation: t.generation, head: t.delivered! }]))
    const moved = await log.moved(open.map((t) => ({ topic: t.name, head: t.delivered!, epoch: t.epoch })))
    for (const { topic: name, head, epoch } of moved) {
      const { topic, ...was } = asked.get(name)!
      if (!isHere(topic) || topic.generation !== was.generation) continue
      if (topic.epoch === '') topic.epoch = epoch
      if (topic.epoch !== epoch || head < was.head) {
        resetAll(topic, { head, epoch })
        continue
      }
      topic.highest = Math.max(topic.highest, head)
      if (isBehind(topic)) mend(topic)
    }
  }

  let unread = false
  let looking = false
  const look = async () => {
    if (looking) return
    looking = true
    try {
      await poll()
      unread = false
    } catch (error) {
      if (!unread) warn('the heads of the topics could not be read', { err: error })
      unread = true
    } finally {
      looking = false
    }
  }
  // However long the database takes to answer: what is over ends in time.
  const again = () => {
    callOffPoll ??= timing.after(pollEvery, () => {
      callOffPoll = undefined
      const now = timing.now()
      listeners.watch(now)
      for (const topic of topics.values()) forgetOld(topic, now)
      void look()
      if (!closed && listeners.size > 0) again()
    })
  }
  // Not all processes in the same moment.
  const forgetBus = bus.onReturn(() => void timing.after(timing.random() * 1000, () => void look()))

  return {
    add: (listener) => {
      listeners.add(listener)
      if (closed) listener.close(closeCodes.restarting)
      else again()
    },
    remove: (listener) => {
      for (const s of listeners.remove(listener)) leave(s)
    },
    join: (name, listener, view) => {
      const topic = topicOf(name)
      const s: Subscription = {
        topic,
        listener,
        view,
        state: 'waiting',
        sent: 0,
        asked: undefined,
        about: undefined,
        generation: 0,
      }
      topic.subscriptions.add(s)
      listeners.joined(s)
      return s
    },
    opened: (s) => s.topic.opened,
    leave,
    resume: (s, from) => catchUp(parts, s, from),
    offer: (frame) => {
      const topic = topics.get(frame.topic)
      if (topic) offerTo(topic, frame)
    },
    poll,
    listeners: () => listeners,
    get size() {
      return listeners.size
    },
    countOf: listeners.countOf,
    closeWhere: listeners.closeWhere,
    drain: listeners.drain,
    close: () => {
      closed = true
      callOffPoll?.()
      forgetBus()
      for (const topic of topics.values()) {
        topic.callOffHole?.()
        topic.leave()
      }
    },
  }
}
