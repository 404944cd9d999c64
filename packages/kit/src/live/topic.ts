import type { Frame } from './frame.ts'
import type { Listener, View } from './listener.ts'

const mostFrames = 256
const mostBytes = 1024 * 1024
const ringMs = 60_000

/** Where a client stands: the last seq it applied, and the epoch it was told. */
export interface From {
  after?: number | undefined
  epoch?: string | undefined
}

export type State = 'waiting' | 'catching up' | 'live'

/** One listener on one topic. `generation` grows with every resume, and whatever began under an older one stops. */
export interface Subscription {
  readonly topic: Topic
  readonly listener: Listener
  readonly view: View
  state: State
  /** The last seq that it was sent, once it began. */
  sent: number
  /** Where its client asked to begin, until it does. */
  asked: From | undefined
  /** What its control frames say besides where it stands. */
  about: object | undefined
  generation: number
}

export interface Topic {
  readonly name: string
  epoch: string
  /** The last seq handed out; undefined until the head was read after joining. */
  delivered: number | undefined
  /** The highest seq heard of. Above `delivered` something is missing. */
  highest: number
  readonly subscriptions: Set<Subscription>
  /** Frames that came before their time. */
  readonly held: Map<number, Frame>
  heldBytes: number
  /** The last frames that were handed out, up to `delivered`, for those who come back soon. */
  ring: { frame: Frame; at: number }[]
  ringBytes: number
  /** Grows when the topic begins anew; what began under an older one stops. */
  generation: number
  filling: boolean
  opened: Promise<void>
  callOffHole: (() => void) | undefined
  leave: () => void
}

export const openTopic = (name: string): Topic => ({
  name,
  epoch: '',
  delivered: undefined,
  highest: 0,
  subscriptions: new Set(),
  held: new Map(),
  heldBytes: 0,
  ring: [],
  ringBytes: 0,
  generation: 0,
  filling: false,
  opened: Promise.resolve(),
  callOffHole: undefined,
  leave: () => undefined,
})

/** Keeps a frame that came before its time; past the bounds it drops them all, since the log has them. */
export const hold = (topic: Topic, frame: Frame) => {
  topic.highest = Math.max(topic.highest, frame.seq)
  if (topic.held.has(frame.seq)) return
  topic.held.set(frame.seq, frame)
  topic.heldBytes += frame.text.length
  if (topic.held.size > mostFrames || topic.heldBytes > mostBytes) forgetHeld(topic)
}

export const forgetHeld = (topic: Topic) => {
  topic.held.clear()
  topic.heldBytes = 0
}

/** Takes the held frame that comes next, and drops those whose time has passed. */
export const takeNext = (topic: Topic): Frame | undefined => {
  const next = topic.delivered! + 1
  const frame = topic.held.get(next)
  for (const [seq, { text }] of topic.held)
    if (seq <= next) {
      topic.held.delete(seq)
      topic.heldBytes -= text.length
    }
  return frame
}

/** Remembers a frame that is handed out. */
export const remember = (topic: Topic, frame: Frame, now: number) => {
  topic.ring.push({ frame, at: now })
  topic.ringBytes += frame.text.length
  while (topic.ring.length > mostFrames || topic.ringBytes > mostBytes) dropOldest(topic)
}

const dropOldest = (topic: Topic) => {
  topic.ringBytes -= topic.ring.shift()!.frame.text.length
}

/** Forgets what nobody who comes back soon will ask for, so that a quiet topic costs nothing. */
export const forgetOld = (topic: Topic, now: number) => {
  while (topic.ring.length > 0 && topic.ring[0]!.at < now - ringMs) dropOldest(topic)
}

export const forgetRing = (topic: Topic) => {
  topic.ring = []
  topic.ringBytes = 0
}

/** The frames above `after` from memory, or undefined where memory does not reach back that far. */
export const recall = (topic: Topic, after: number): Frame[] | undefined => {
  const first = topic.ring[0]?.frame.seq
  if (first === undefined || first > after + 1) return undefined
  return topic.ring.slice(after + 1 - first).map(({ frame }) => frame)
}
