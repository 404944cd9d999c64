import { catchUp } from './catch-up.ts'
import type { Frame } from './frame.ts'
import { handOut, pass } from './hand-out.ts'
import type { HubParts } from './hub.ts'
import { type Head, page } from './log.ts'
import { forgetHeld, forgetRing, type From, hold, type Subscription, takeNext, type Topic } from './topic.ts'

/** Brings a topic's events into their order, and mends from the log what is missing. */
export interface Order {
  /** A frame from the bus, of any seq, in any order, as often as it comes. */
  offer(topic: Topic, frame: Frame): void
  /** From this head on the topic is handed out. */
  begin(topic: Topic, head: Head): void
  /** Where the log stands now; `was` is where the topic stood here when the log was asked. */
  compare(topic: Topic, head: Head, was: { head: number }): void
}

const holeWait = 100
const tooFarBehind = 1000

/** `isHere`: whether a topic still has listeners, which it may have lost during a read. */
export const openOrder = (parts: HubParts, isHere: (topic: Topic) => boolean): Order => {
  const { log, timing, counts, warn } = parts
  const isBehind = (topic: Topic) => topic.highest > topic.delivered!

  const offer = (topic: Topic, frame: Frame) => {
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

  return {
    offer,
    begin: (topic, { head, epoch }) => {
      topic.epoch = epoch
      topic.delivered = head
      topic.highest = Math.max(topic.highest, head)
      handOutHeld(topic)
    },
    compare: (topic, { head, epoch }, was) => {
      if (topic.epoch === '') topic.epoch = epoch
      if (topic.epoch !== epoch || head < was.head) return resetAll(topic, { head, epoch })
      topic.highest = Math.max(topic.highest, head)
      if (isBehind(topic)) mend(topic)
    },
  }
}
