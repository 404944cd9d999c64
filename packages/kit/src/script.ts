import { createHash } from 'node:crypto'
import type { Redis } from './redis.ts'

/**
 * A Lua script as a function of (redis, keys, arguments), called by its hash where Redis knows it already; `name` shows
 * in Redis' slow log. All its keys must lie in one hash slot, so every key has the same `{…}` part.
 */
export const script = <Answer>(name: string, body: string) => {
  const lua = `-- ${name}\n${body}`
  const sha = createHash('sha1').update(lua).digest('hex')
  return async (redis: Redis, keys: readonly string[], values: readonly (string | number)[] = []): Promise<Answer> => {
    const rest = [keys.length, ...keys, ...values] as const
    try {
      return (await redis.evalsha(sha, ...rest)) as Answer
    } catch (error) {
      // Then it did not run.
      if (!(error as Error).message.startsWith('NOSCRIPT')) throw error
      return (await redis.eval(lua, ...rest)) as Answer
    }
  }
}
