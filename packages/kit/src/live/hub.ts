import type { ServiceName } from '@wealist/contract/topology'
import type { Bus } from '../bus.ts'
import { catchUp, retried } from './catch-up.ts'
import { type CloseCode, closeCodes } from './close-codes.ts'
import { channelOf, decode, type Frame } from './frame.ts'
import type { Listener, View } from './listener.ts'
import { openListeners } from './listeners.ts'
import type { Log } from './log.ts'
import { openOrder } from './order.ts'
import type { Timing } from './timing.ts'
import { forgetOld, type From, openTopic, type Subscription, type Topic } from './topic.ts'

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
  /** Whose topics they are. */
  service: ServiceName
  bus: Pick<Bus, 'subscribe' | 'onReturn'>
  log: Log
  timing: Timing
  counts: Counts
  warn(message: string, about: object): void
}

const pollEvery = 1000

export const openHub = (parts: HubParts): Hub => {
  const { bus, log, timing, warn } = parts
  const topics = new Map<string, Topic>()
  const listeners = openListeners({ timing, slow: parts.counts.slow })
  let closed = false
  let callOffPoll: (() => void) | undefined

  const isHere = (topic: Topic) => !closed && topics.get(topic.name) === topic
  const order = openOrder(parts, isHere)

  const open = async (topic: Topic) => {
    const found = await retried(
      parts,
      () => log.head(topic.name),
      () => !isHere(topic),
    )
    if (!found) return
    order.begin(topic, found)
  }

  const topicOf = (name: string): Topic => {
    const there = topics.get(name)
    if (there) return there
    const topic = openTopic(name)
    topics.set(name, topic)
    topic.leave = bus.subscribe(channelOf(parts.service, name), (message) => {
      const frame = decode(name, message)
      if (frame) order.offer(topic, frame)
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
      order.compare(topic, { head, epoch }, was)
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
    callOffPoll ??= timing.every(pollEvery, () => {
      const now = timing.now()
      listeners.watch(now)
      for (const topic of topics.values()) forgetOld(topic, now)
      void look()
      if (!closed && listeners.size > 0) return
      callOffPoll?.()
      callOffPoll = undefined
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
      if (topic) order.offer(topic, frame)
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
