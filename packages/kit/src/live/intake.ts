import { type CloseCode, closeCodes } from './close-codes.ts'

/** A frame of a client as it came: its type is a word, the rest is not looked at yet. */
export interface ClientFrame {
  type: string
  payload?: unknown
}

/** Largest frame of a client in bytes: what API Gateway takes, on every transport. */
export const mostFrame = 32 * 1024
const mostFrames = 100
const window = 10_000

/** The frame, the code that it ends the connection with, or undefined where it is no frame. */
export const readFrame = (text: string): ClientFrame | CloseCode | undefined => {
  if (Buffer.byteLength(text) > mostFrame) return closeCodes.tooLarge
  try {
    const frame: unknown = JSON.parse(text)
    if (typeof frame !== 'object' || frame === null || !('type' in frame) || typeof frame.type !== 'string')
      return undefined
    return frame as ClientFrame
  } catch {
    return undefined
  }
}

/** Counts frames: 100 in each 10 s, the first of which begin at `since`. */
export class Pace {
  private since: number
  private count = 0

  constructor(since: number) {
    this.since = since
  }

  /** False for one too many. */
  allows(now: number) {
    // Also where the clock was set back.
    if (now < this.since || now - this.since >= window) {
      this.since = now
      this.count = 0
    }
    return ++this.count <= mostFrames
  }
}
