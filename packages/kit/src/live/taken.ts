import type { Socket } from 'node:net'

interface Handle {
  bytesWritten?: number
  writeQueueSize?: number
}

/**
 * Bytes that the system took of a socket since it was opened. A slow reader takes a long write piece by piece, and only
 * the system's handle under the stream shows that it does.
 */
export const takenOf = (stream: Socket): number => {
  // oxlint-disable-next-line no-underscore-dangle
  const { bytesWritten, writeQueueSize } = (stream as { _handle?: Handle })._handle ?? {}
  return bytesWritten === undefined || writeQueueSize === undefined
    ? stream.bytesWritten - stream.writableLength
    : bytesWritten - writeQueueSize
}
