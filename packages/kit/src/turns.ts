import { unavailable } from './errors.ts'

export interface TurnsOptions {
  /** How many have a turn of one key at the same time. */
  atOnce: number
  /** How many more may wait for one. */
  waiting: number
  /** Milliseconds that one waits at most. */
  patience: number
  /** What is said to those who cannot wait. */
  refusal: string
}

export interface Turns {
  /** Runs `work` when it is its turn. */
  of<T>(key: string, work: () => Promise<T>): Promise<T>
  /** How many wait now, of all keys. */
  waiting: () => number
}

interface Line {
  running: number
  queue: Set<() => void>
}

/**
 * Whoever wants the same thing waits for it here, in order, before taking what others need too. Past its bounds it is
 * 503. Of this process alone: what must not happen twice is guarded elsewhere. Nobody who has a turn asks for another of the same.
 */
export const openTurns = ({ atOnce, waiting, patience, refusal }: TurnsOptions): Turns => {
  const lines = new Map<string, Line>()
  const begin = async (line: Line) => {
    if (line.running < atOnce) return void line.running++
    if (line.queue.size >= waiting) throw unavailable(refusal)
    await new Promise<void>((resolve, reject) => {
      const begun = () => {
        clearTimeout(late)
        resolve()
      }
      const late = setTimeout(() => {
        line.queue.delete(begun)
        reject(unavailable(refusal))
      }, patience)
      line.queue.add(begun)
    })
  }
  // Whoever leaves hands its place to the next, so nobody overtakes.
  const end = (key: string, line: Line) => {
    const [next] = line.queue
    if (next && line.queue.delete(next)) return next()
    if (--line.running === 0) lines.delete(key)
  }
  return {
    of: async (key, work) => {
      const line = lines.get(key) ?? { running: 0, queue: new Set() }
      lines.set(key, line)
      await begin(line)
      try {
        return await work()
      } finally {
        end(key, line)
      }
    },
    waiting: () => [...lines.values()].reduce((n, { queue }) => n + queue.size, 0),
  }
}
