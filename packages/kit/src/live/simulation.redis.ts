import type { Redis } from '../redis.ts'
import type { Chance, VirtualTime } from './simulation.time.ts'

type Value = string | Map<string, string>

/** Redis as the registry of connections uses it: one server, and clients whose commands arrive in order, and late. */
export const simulatedRedis = (time: VirtualTime, { chance, between }: Chance) => {
  const kept = new Map<string, { value: Value; until: number }>()
  const of = <T extends Value>(key: string, make?: () => T): T | undefined => {
    const there = kept.get(key)
    if (there && there.until > time.now()) return there.value as T
    kept.delete(key)
    if (make) kept.set(key, { value: make(), until: Infinity })
    return kept.get(key)?.value as T | undefined
  }
  const expire = (key: string, until: number, onlyNew = false) => {
    if (of(key) === undefined || (onlyNew && kept.get(key)!.until < Infinity)) return 0
    kept.get(key)!.until = until
    return 1
  }
  const hash = (key: string) => of(key, () => new Map<string, string>())!
  const ranked = (key: string) => [...hash(key)].toSorted(([, a], [, b]) => Number(a) - Number(b))

  const commands: Record<string, (key: string, ...rest: string[]) => unknown> = {
    get: (key) => of(key) ?? null,
    mget: (...keys) => keys.map((key) => of(key) ?? null),
    set: (key, value, _px, until) =>
      void kept.set(key, { value: String(value), until: until ? Number(until) : Infinity }),
    del: (key) => Number(kept.delete(key)),
    incr: (key) => {
      const next = Number(of(key) ?? 0) + 1
      const until = kept.get(key)?.until ?? Infinity
      kept.set(key, { value: String(next), until })
      return next
    },
    expire: (key, seconds, nx) => expire(key, time.now() + Number(seconds) * 1000, nx === 'NX'),
    pexpire: (key, ms) => expire(key, time.now() + Number(ms)),
    pexpireat: (key, at) => expire(key, Number(at)),
    hset: (key, fields) =>
      Object.entries(fields as never as object).forEach(([name, value]) => hash(key).set(name, value)),
    hdel: (key, ...names) => names.forEach((name) => hash(key).delete(name)),
    hgetall: (key) => Object.fromEntries(hash(key)),
    hget: (key, name) => hash(key).get(name!) ?? null,
    hincrby: (key, name, by) => {
      const next = Number(hash(key).get(name!) ?? 0) + Number(by)
      hash(key).set(name!, String(next))
      return next
    },
    hkeys: (key) => [...hash(key).keys()],
    zadd: (key, score, member) => void hash(key).set(member!, String(score)),
    zrem: (key, member) => void hash(key).delete(member!),
    zrange: (key) => ranked(key).map(([member]) => member),
    zremrangebyscore: (key, _least, most) => {
      for (const [member, score] of hash(key)) if (Number(score) <= Number(most)) hash(key).delete(member)
    },
  }

  return {
    commands,
    /** As one client has it. */
    client: (): Redis => {
      let arrived = 0
      const command =
        (name: string) =>
        async (...given: string[]) => {
          arrived = Math.max(arrived, time.now() + between(0.1, chance(0.03) ? 50 : 1))
          await time.sleep(arrived - time.now())
          const answer = commands[name]!(...(given.flat() as [string]))
          await time.sleep(between(0.1, 1))
          return answer
        }
      const all = Object.keys(commands).map((name) => [name, command(name)] as const)
      return Object.fromEntries(all) as unknown as Redis
    },
  }
}
