import { closeCodes } from './close-codes.ts'
import type { Frame } from './frame.ts'
import type { HubParts } from './hub.ts'
import type { Endings, Listener, View } from './listener.ts'
import { type Message, messageOf } from './message.ts'
import { remember, type Topic } from './topic.ts'

/** A listener with more than this many bytes unsent is closed: it resumes when it can read. */
const mostUnsent = 1024 * 1024
// What is not kept is not worth a place in a queue that does not move.
const mostUnsentInPassing = 64 * 1024

type Parts = Pick<HubParts, 'timing' | 'counts' | 'warn'>

/** Sends to a listener; nothing that goes wrong in it reaches another. False where it was closed. */
export const send = ({ counts, warn }: Parts, listener: Listener, message: Message): boolean => {
  try {
    if (listener.unsent() <= mostUnsent) {
      listener.deliver(message)
      return true
    }
    counts.slow()
    listener.close(closeCodes.tooSlow)
  } catch (error) {
    warn('a listener failed', { err: error })
    listener.close(closeCodes.restarting)
  }
  return false
}

/** The frame as a protocol shows it, made once for all listeners of that protocol. */
export const shownAs = ({ warn }: Pick<Parts, 'warn'>, frame: Frame, view: View): Message => {
  const shown = (frame.shown ??= [])
  let message = shown.find((as) => as.view === view)?.message
  if (!message) {
    let text: string | undefined = frame.text
    try {
      if (view.text) text = view.text(frame)
    } catch (error) {
      warn('an event could not be shown', { topic: frame.topic, seq: frame.seq, err: error })
      text = undefined
    }
    const { seq } = frame
    const type = text === undefined ? 'skip' : frame.type
    text ??= JSON.stringify({ type: 'skip', seq })
    const from = view.named && JSON.stringify(view.named(frame.topic))
    message = messageOf(type, seq || undefined, from ? `${from.slice(0, -1)},${text.slice(1)}` : text)
    shown.push({ view, message })
  }
  return message
}

/** The next event of a topic, to all who are live on it, in one tick. Whose right it ends is closed in that tick. */
export const handOut = (parts: Parts, topic: Topic, frame: Frame) => {
  topic.delivered = frame.seq
  topic.highest = Math.max(topic.highest, frame.seq)
  remember(topic, frame, parts.timing.now())
  const toView = byView((view) => ({ message: shownAs(parts, frame, view), ends: endedBy(parts, frame, view) }))
  let n = 0
  for (const s of topic.subscriptions) {
    const { message, ends } = toView(s.view)
    if (s.state === 'live' && s.sent < frame.seq) {
      s.sent = frame.seq
      if (send(parts, s.listener, message)) n++
    }
    // Also who has not resumed yet, or is catching up: what comes next is no longer theirs.
    const code = ends?.(s.listener.person)
    if (code === 'recheck') s.listener.recheck()
    else if (code !== undefined) s.listener.close(code)
  }
  parts.counts.delivered(n)
}

// What is the same for all listeners of a view. Nearly always there is one view, or a row of the same.
const byView = <T>(make: (view: View) => T) => {
  let made: Map<View, T> | undefined
  let last: View | undefined
  let its: T | undefined
  return (view: View): T => {
    if (view === last) return its!
    if (last) (made ??= new Map()).set(last, its!)
    its = made?.get(view) ?? make(view)
    last = view
    return its
  }
}

const endedBy = ({ warn }: Parts, frame: Frame, view: View): ReturnType<Endings> => {
  try {
    return view.endings?.(frame)
  } catch (error) {
    warn('whose right an event ends could not be told', { topic: frame.topic, seq: frame.seq, err: error })
    return undefined
  }
}

/** What is said and not kept: to those who are live and keep up. */
export const pass = (parts: Parts, topic: Topic, frame: Frame) => {
  const shownTo = byView((view) => shownAs(parts, frame, view))
  for (const s of topic.subscriptions)
    if (s.state === 'live' && s.listener.unsent() <= mostUnsentInPassing) send(parts, s.listener, shownTo(s.view))
}
