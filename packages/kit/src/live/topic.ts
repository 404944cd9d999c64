import type { Frame } from './frame.ts'
import type { Endings, Listener } from './listener.ts'

/** What a topic keeps in this process: frames that came too early, and the last that were handed out. */
const mostFrames = 256
const mostBytes = 1024 * 1024

export type State = 'waiting' | 'catching up' | 'live'

/** One listener on one topic. `generation` grows with every resume, and whatever began under an older one stops. */
export interface Subscription {
  topic: Topic
  listener: Listener
  state: State
  sent: number
  generation: number
}

export interface Topic {
  name: string
  epoch: string
  /** The last seq handed out; undefined until the head was read after joining. */
  delivered: number | undefined
  subscriptions: Set<Subscription>
  endings: Endings | undefined
  held: Map<number, Frame>
  heldBytes: number
  ring: Frame[]
  ringBytes: number
  filling: boolean
  opening: Promise<void> | undefined
  callOffHole: (() => void) | undefined
  leave: () => void
}

/** Keeps a frame that came before its time; past the bounds it drops them all, since the log has them. */
export const hold = (topic: Topic, frame: Frame) => {
  if (topic.held.has(frame.seq)) return
  topic.held.set(frame.seq, frame)
  topic.heldBytes += frame.text.length
  if (topic.held.size > mostFrames || topic.heldBytes > mostBytes) forgetHeld(topic)
}

export const forgetHeld = (topic: Topic) => {
  topic.held.clear()
  topic.heldBytes = 0
}

/** Takes the held frame of this seq, and drops those that time has passed. */
export const takeHeld = (topic: Topic, seq: number) => {
  const frame = topic.held.get(seq)
  if (frame) {
    topic.held.delete(seq)
    topic.heldBytes -= frame.text.length
  } else if (topic.held.size > 0)
    for (const [early, { text }] of topic.held)
      if (early < seq) {
        topic.held.delete(early)
        topic.heldBytes -= text.length
      }
  return frame
}

/** Remembers a frame that was handed out, for those who come back soon. */
export const remember = (topic: Topic, frame: Frame) => {
  topic.ring.push(frame)
  topic.ringBytes += frame.text.length
  while (topic.ring.length > mostFrames || topic.ringBytes > mostBytes)
    topic.ringBytes -= topic.ring.shift()!.text.length
}

/** The frames above `after` from memory, or undefined where memory does not reach back that far. */
export const recall = (topic: Topic, after: number): Frame[] | undefined => {
  const [first] = topic.ring
  if (!first || first.seq > after + 1) return undefined
  return topic.ring.slice(after + 1 - first.seq)
}

export const forgetRing = (topic: Topic) => {
  topic.ring = []
  topic.ringBytes = 0
}
