import { openBus } from '../bus.ts'
import { openLog } from '../log.ts'
import { openRedis, ready } from '../redis.ts'
import type { Frame } from './frame.ts'
import { openPresence, type People } from './presence.ts'
import { realTiming, type Timing } from './timing.ts'

const timing: Timing = {
  ...realTiming,
  every: (ms, work) => {
    const timer = setInterval(work, ms).unref()
    return () => clearInterval(timer)
  },
}

/** The presence of a process, with times that a test can wait for. */
export const presenceOf = async ({ url, prefix }: { url: string; prefix: string }, expiryMs = 900) => {
  const log = openLog({ service: 'test', level: 'silent' })
  const redis = openRedis({ url, prefix, log })
  const bus = openBus({ redis, prefix, log })
  await ready(redis)
  const told: { at: number; topic: string; text: string }[] = []
  const offer = ({ topic, text }: Frame) => void told.push({ at: Date.now(), topic, text })
  const presence = openPresence({ redis, bus, timing, offer, refreshMs: 200, expiryMs, lingerMs: 100 })
  return {
    ...presence,
    redis,
    told,
    close: async () => {
      await presence.close()
      bus.close()
      redis.disconnect()
    },
  }
}
export type { People }

// As a process of its own: its person is in the place until it is killed.
if (process.argv[1] === import.meta.filename) {
  const [, , url, prefix, place, userId] = process.argv as [string, string, string, string, string, string]
  const { enter } = await presenceOf({ url, prefix })
  enter(place, userId)
  setInterval(() => undefined, 1000)
  process.stdout.write('in\n')
}
