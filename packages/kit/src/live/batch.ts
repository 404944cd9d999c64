import { unavailable } from '../errors.ts'

interface Waiting<K, V> {
  key: K
  since: number
  answer: Promise<V>
  resolve(value: V): void
  reject(error: unknown): void
}

export interface BatchOptions<K, V> {
  /** Answers all keys in one go, in their order. */
  run(keys: K[]): Promise<V[]>
  /** Keys of the same identity that wait together are asked once. */
  identity(key: K): string
  /** Most keys in one go, and most goes at the same time. */
  size: number
  lanes: number
  /** Milliseconds after a go of several in which more may come before the next one; none unless told. */
  linger?: number
  /** How many may wait for a go, and how many milliseconds; past that it is 503. */
  bounds?: { waiting: number; patience: number }
}

/**
 * Makes one question of many: of those asked in one tick, and of those that came while all lanes were busy. What fails
 * fails for all who waited for it.
 */
export const openBatch = <K, V>({ run, identity, size, lanes, linger, bounds }: BatchOptions<K, V>) => {
  const queue = new Map<string, Waiting<K, V>>()
  let busy = 0
  let scheduled = false

  const go = async () => {
    const taken: Waiting<K, V>[] = []
    for (const [id, waiting] of queue) {
      if (taken.length === size) break
      taken.push(waiting)
      queue.delete(id)
    }
    busy++
    try {
      const answers = await run(taken.map(({ key }) => key))
      taken.forEach(({ resolve }, i) => resolve(answers[i]!))
    } catch (error) {
      for (const { reject } of taken) reject(error)
    } finally {
      busy--
      if (linger && taken.length > 1 && queue.size < size && !scheduled) {
        scheduled = true
        setTimeout(flush, linger)
      } else schedule()
    }
  }
  const flush = () => {
    scheduled = false
    while (queue.size > 0 && busy < lanes) void go()
  }
  const schedule = () => {
    if (scheduled || queue.size === 0 || busy >= lanes) return
    scheduled = true
    queueMicrotask(flush)
  }

  let late: NodeJS.Timeout | undefined
  const look = (patience: number) => {
    const until = performance.now() - patience
    for (const [id, { since, reject }] of queue) {
      if (since > until) break
      queue.delete(id)
      reject(busyNow())
    }
    late = queue.size > 0 ? setTimeout(look, patience / 4, patience).unref() : undefined
  }

  return async (key: K): Promise<V> => {
    const id = identity(key)
    const there = queue.get(id)
    if (there) return there.answer
    if (bounds && queue.size >= bounds.waiting) throw busyNow()
    const { promise: answer, resolve, reject } = Promise.withResolvers<V>()
    queue.set(id, { key, since: performance.now(), answer, resolve, reject })
    if (bounds) late ??= setTimeout(look, bounds.patience / 4, bounds.patience).unref()
    schedule()
    return answer
  }
}

const busyNow = () => unavailable('Too many wait for this at this moment. Try again shortly.')
