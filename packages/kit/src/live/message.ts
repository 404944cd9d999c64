/** What goes to a listener: its text is made once, and encoded once a transport, however many it goes to. */
export interface Message {
  type: string
  /** What a client may resume from once it has this; none for what is no part of a sequence. */
  seq: number | undefined
  text: string
  encoded: { by: Encode; data: Buffer } | undefined
}

/** How a transport writes a message. */
export type Encode = (message: Message) => Buffer

export const messageOf = (type: string, seq: number | undefined, text: string): Message => ({
  type,
  seq,
  text,
  encoded: undefined,
})

/** A control frame: `{ type, payload }`, without the top-level `seq` that events have. */
export const control = (type: string, payload: object, seq?: number): Message =>
  messageOf(type, seq, JSON.stringify({ type, payload }))

/** The message as a transport writes it: the same buffer for all of its listeners in a row. */
export const encodedBy = (encode: Encode, message: Message): Buffer => {
  if (message.encoded?.by !== encode) message.encoded = { by: encode, data: encode(message) }
  return message.encoded.data
}
