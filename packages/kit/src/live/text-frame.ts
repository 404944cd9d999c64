import type { Message } from './message.ts'

const finalText = 0x81

/** A whole text message of a WebSocket, unmasked, as servers send it (RFC 6455, 5.2). */
export const textFrame = ({ text }: Pick<Message, 'text'>) => {
  const length = Buffer.byteLength(text)
  const head = length < 126 ? 2 : length < 65_536 ? 4 : 10
  const frame = Buffer.allocUnsafe(head + length)
  frame[0] = finalText
  frame[1] = head === 2 ? length : head === 4 ? 126 : 127
  if (head === 4) frame.writeUInt16BE(length, 2)
  if (head === 10) frame.writeBigUInt64BE(BigInt(length), 2)
  frame.write(text, head)
  return frame
}
