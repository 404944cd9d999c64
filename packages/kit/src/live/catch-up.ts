import type { Frame } from './frame.ts'
import { send, shownAs } from './hand-out.ts'
import type { HubParts } from './hub.ts'
import { control } from './message.ts'
import { backOff, pause } from './timing.ts'
import { type From, recall, type Subscription } from './topic.ts'

// The next page waits until the last one has left: a listener that catches up holds no queue.
const nextBelow = 64 * 1024

type Parts = Pick<HubParts, 'log' | 'timing' | 'counts' | 'warn'>

const tell = (parts: Parts, s: Subscription, type: 'ready' | 'reset') =>
  send(
    parts,
    s.listener,
    control(type, { ...s.about, seq: s.sent, ...(s.topic.epoch && { epoch: s.topic.epoch }) }, s.sent),
  )

/** Tells a listener to read the state anew; it is live from the topic's last seq on. */
const reset = (parts: Parts, s: Subscription) => {
  parts.counts.reset()
  s.sent = s.topic.delivered!
  s.asked = undefined
  s.state = 'live'
  if (tell(parts, s, 'reset')) tell(parts, s, 'ready')
}

/**
 * Sends what came after `from.after`, then `ready`, then it is live. Live events pass it by meanwhile: it reads pages,
 * from memory where that reaches, until it has all that was handed out, and nothing beyond: what ends a right is looked
 * at as events are handed out. After each wait it ends if it was begun anew.
 */
export const catchUp = async (parts: Parts, s: Subscription, from: From | 'anew') => {
  const { topic } = s
  const generation = ++s.generation
  const gone = () => s.generation !== generation || !topic.subscriptions.has(s)
  s.state = 'catching up'
  s.asked = from === 'anew' ? undefined : from
  await topic.opened
  await s.listener.decided()
  if (gone() || topic.delivered === undefined) return
  if (from === 'anew') return reset(parts, s)
  const { after, epoch } = from
  if (epoch && topic.epoch && epoch !== topic.epoch) return reset(parts, s)
  if (after !== undefined && after > topic.delivered) {
    // Ahead of this process, but not of the log.
    const known = await retried(parts, () => parts.log.head(topic.name), gone)
    if (!known) return
    if (after > known.head) return reset(parts, s)
    topic.highest = Math.max(topic.highest, known.head)
  }
  s.sent = after ?? topic.delivered
  s.asked = undefined
  while (s.sent < topic.delivered) {
    const begun = s.sent
    const frames = recall(topic, begun) ?? (await retried(parts, () => parts.log.read(topic.name, begun), gone))
    if (!frames) return
    if (!(await sendPage(parts, s, frames, gone))) return
    if (s.sent === begun) {
      parts.counts.broken()
      parts.warn('the log does not continue; a listener reads anew', { topic: topic.name, after: begun })
      return reset(parts, s)
    }
  }
  s.state = 'live'
  tell(parts, s, 'ready')
}

// The dense beginning of a page. False where the listener is gone or was begun anew.
const sendPage = async (parts: Parts, s: Subscription, frames: Frame[], gone: () => boolean) => {
  for (const frame of frames) {
    if (frame.seq !== s.sent + 1 || frame.seq > s.topic.delivered!) return true
    while (s.listener.unsent() > nextBelow) {
      await pause(parts.timing, 20)
      if (gone()) return false
    }
    s.sent = frame.seq
    if (!send(parts, s.listener, shownAs(parts, frame, s.view)) || gone()) return false
  }
  return true
}

/** Repeats a read until it succeeds; undefined as soon as nobody waits for it. */
export const retried = async <T>(
  { timing, warn }: Pick<HubParts, 'timing' | 'warn'>,
  read: () => Promise<T>,
  gone: () => boolean,
): Promise<T | undefined> => {
  for (let attempt = 1; ; attempt++) {
    try {
      const answer = await read()
      return gone() ? undefined : answer
    } catch (error) {
      if (gone()) return undefined
      warn('the log could not be read', { err: error })
      await backOff(timing, attempt)
      if (gone()) return undefined
    }
  }
}
