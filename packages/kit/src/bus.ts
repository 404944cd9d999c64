import type { Redis } from 'ioredis'
import { every } from './beat.ts'
import type { Log } from './log.ts'
import { isCluster } from './redis.ts'

/**
 * Fire and forget between processes, over Redis pub/sub: it may lose, and everything that listens knows how to find out.
 * One subscriber connection a process.
 */
export interface Bus {
  /** One try; never throws, never delays the caller. */
  publish(channel: string, message: string): void
  /** Hears a channel until the function it gives is called. The channel is left a little after its last listener. */
  subscribe(channel: string, listener: (message: string) => void): () => void
  /** Called when the connection is back after it was lost: what was published meanwhile is missed. */
  onReturn(listener: () => void): () => void
  close(): void
}

const linger = 5000

/** `prefix` stands before every channel, since ioredis' key prefix does not reach them. */
export const openBus = ({ redis, prefix, log }: { redis: Redis; prefix: string; log: Log }): Bus => {
  const line = isCluster(redis) ? clusterLine(redis, prefix) : singleLine(redis)
  const { subscriber } = line
  const listeners = new Map<string, Set<(message: string) => void>>()
  const leaving = new Map<string, NodeJS.Timeout>()
  const returned = new Set<() => void>()
  let lost = false
  subscriber.on('error', () => (lost = true))
  subscriber.on('close', () => (lost = true))
  subscriber.on('ready', () => {
    // What was asked for while the connection was away was not queued.
    line.subscribe([...listeners.keys()])
    if (lost) for (const back of returned) back()
    lost = false
  })
  const hear = (channel: string, message: string) => {
    for (const listener of listeners.get(channel) ?? []) {
      try {
        listener(message)
      } catch (error) {
        log.error({ err: error }, 'a listener of the bus failed')
      }
    }
  }
  subscriber.on('message', hear)
  subscriber.on('smessage', hear)
  let rest: (() => void) | undefined
  // A process that hears nothing, as on Lambda, has no line for it.
  const open = () => {
    if (rest) return
    line.open()
    // A subscriber only listens: without a question now and then it would not notice that nobody speaks any more.
    rest = every(10_000, () => void (subscriber.status === 'ready' && subscriber.ping().catch(() => undefined)))
  }

  const leave = (channel: string) => {
    leaving.delete(channel)
    if (listeners.get(channel)?.size) return
    listeners.delete(channel)
    if (subscriber.status === 'ready') line.unsubscribe(channel)
  }

  return {
    publish: (channel, message) => {
      if (redis.status !== 'ready') return
      line
        .publish(prefix + channel, message)
        .catch((error: Error) => log.debug({ error: error.message }, 'the bus lost a message'))
    },
    subscribe: (name, listener) => {
      const channel = prefix + name
      let all = listeners.get(channel)
      clearTimeout(leaving.get(channel))
      leaving.delete(channel)
      if (!all) {
        open()
        listeners.set(channel, (all = new Set()))
        if (subscriber.status === 'ready') line.subscribe([channel])
      }
      all.add(listener)
      return () => {
        all.delete(listener)
        if (all.size === 0 && !leaving.has(channel)) leaving.set(channel, setTimeout(leave, linger, channel).unref())
      }
    },
    onReturn: (listener) => {
      returned.add(listener)
      return () => returned.delete(listener)
    },
    close: () => {
      rest?.()
      for (const timer of leaving.values()) clearTimeout(timer)
      line.close()
    },
  }
}

/** How one kind of Redis carries the bus. */
interface Line {
  subscriber: Redis
  open(): void
  subscribe(channels: readonly string[]): void
  unsubscribe(channel: string): void
  publish(channel: string, message: string): Promise<unknown>
  close(): void
}

const quiet = () => undefined

const singleLine = (redis: Redis): Line => {
  const subscriber = redis.duplicate({
    keyPrefix: '',
    commandTimeout: undefined,
    socketTimeout: 5000,
    // `ready` above does: by itself it would take again what was left meanwhile, for good.
    autoResubscribe: false,
    enableOfflineQueue: false,
    lazyConnect: true,
  })
  return {
    subscriber,
    open: () => void subscriber.connect().catch(quiet),
    subscribe: (channels) => void (channels.length > 0 && subscriber.subscribe(...channels).catch(quiet)),
    unsubscribe: (channel) => void subscriber.unsubscribe(channel).catch(quiet),
    publish: (channel, message) => redis.publish(channel, message),
    close: () => subscriber.disconnect(),
  }
}

/**
 * In a cluster a message goes to every node, whoever listens; a sharded one to the nodes of its slot alone. Topics are
 * sharded; what all processes hear anyway, and scripts publish, is not.
 */
const clusterLine = (redis: Redis, prefix: string): Line => {
  const isSharded = (channel: string) => channel.startsWith(`${prefix}live:`) || channel.startsWith(`${prefix}here:`)
  return {
    subscriber: redis,
    open: quiet,
    subscribe: (channels) => {
      for (const channel of channels)
        (isSharded(channel) ? redis.ssubscribe(channel) : redis.subscribe(channel)).catch(quiet)
    },
    unsubscribe: (channel) =>
      void (isSharded(channel) ? redis.sunsubscribe(channel) : redis.unsubscribe(channel)).catch(quiet),
    publish: (channel, message) =>
      isSharded(channel) ? redis.spublish(channel, message) : redis.publish(channel, message),
    close: quiet,
  }
}
