import { stream as api } from '@wealist/contract/noti'
import type { Language } from '@wealist/contract/noti/stream'
import type { Frame } from '@wealist/kit/live/frame'
import type { Socket } from '@wealist/kit/live/socket'
import { stream } from './deps.ts'
import { topicOf } from './notifications.ts'
import { inLanguage, type Stored } from './texts.ts'

/** Everything that happens to a person's notifications, with its texts in one language. */
const streamIn = (language: Language) =>
  stream(api.open, {
    topic: (_, person) => topicOf(person.id),
    // What is mine rests on being me, and that is looked at before.
    authorise: async () => ({ workspaces: [] }),
    text: (frame) => textIn(frame, language),
  })

const textIn = ({ type, text }: Frame, language: Language) => {
  if (type !== 'notification' && type !== 'notification.read') return text
  const event = JSON.parse(text) as { payload: Stored | null }
  return event.payload ? JSON.stringify({ ...event, payload: inLanguage(event.payload, language) }) : undefined
}

export const streams: Record<Language, Socket> = { en: streamIn('en'), ko: streamIn('ko') }
