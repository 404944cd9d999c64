import type { Redis } from './redis.ts'

/**
 * A Lua script as a function of (redis, keys, arguments). It is sent once a connection and named by its hash after that.
 * All its keys must lie in one hash slot, so every key has the same `{…}` part.
 */
export const script = <Answer>(name: string, lua: string) => {
  const command = `wealist_${name}`
  type Run = (count: number, ...values: (string | number)[]) => Promise<Answer>
  return (redis: Redis, keys: readonly string[], values: readonly (string | number)[] = []): Promise<Answer> => {
    const commands = redis as unknown as Record<string, Run>
    if (!(command in redis)) redis.defineCommand(command, { lua })
    return commands[command]!(keys.length, ...keys, ...values)
  }
}
