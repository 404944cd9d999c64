import type { ServiceName } from '@wealist/contract/topology'
import type { LogEvent } from '../tx.ts'
import type { View } from './listener.ts'
import type { Message } from './message.ts'

/** An event on its way to listeners: serialised once for all of them. */
export interface Frame {
  topic: string
  /** 0 for what is said and not kept (typing, presence): no part of the topic's sequence. */
  seq: number
  type: string
  /** `{ type, seq, payload, timestamp, actorId }` as JSON text. */
  text: string
  /** As each protocol shows it, made once for all of its listeners. */
  shown?: { view: View; message: Message }[]
}

/** The one place where an event becomes its frame, for the publisher and for the log alike. */
export const frameOf = ({ topic, seq, type, payload, timestamp, actorId }: LogEvent): Frame => ({
  topic,
  seq,
  type,
  text: `{"type":${JSON.stringify(type)},"seq":${seq},"payload":${payload ?? 'null'},"timestamp":"${timestamp}","actorId":${actorId ? `"${actorId}"` : 'null'}}`,
})

/** A frame that is said to those who listen now, and kept nowhere. */
export const passing = (topic: string, type: string, payload: object): Frame => ({
  topic,
  seq: 0,
  type,
  text: JSON.stringify({ type, payload }),
})

/** The channel of a topic's events on the bus: two services may each have a topic of that name, with a log of its own. */
export const channelOf = (service: ServiceName, topic: string) => `live:${service}:${topic}`

/** A frame on the bus: seq and type before the text, so that nobody parses it on the way. */
export const encode = ({ seq, type, text }: Frame) => `${seq}\n${type}\n${text}`
export const decode = (topic: string, message: string): Frame | undefined => {
  const one = message.indexOf('\n')
  const two = message.indexOf('\n', one + 1)
  const seq = Number(message.slice(0, one))
  return one < 1 || two < 0 || !Number.isSafeInteger(seq) || seq < 0
    ? undefined
    : { topic, seq, type: message.slice(one + 1, two), text: message.slice(two + 1) }
}
