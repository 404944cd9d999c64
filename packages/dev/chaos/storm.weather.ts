import { setTimeout } from 'node:timers/promises'
import type { Storm } from './storm.world.ts'

/** Numbers from 0 to 1, the same for a seed (mulberry32). */
export const randomOf = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
}

/**
 * Bad weather for `ms`: one hand kills and restarts, another one cuts, tears and slows lines. What it does comes from the
 * seed, each kind of harm before any kind comes again; how far the others were by then does not. Gives how often it did what.
 */
export const storming = async (storm: Storm, { seed, ms, calm }: { seed: number; ms: number; calm: number }) => {
  const over = Date.now() + ms
  const did: Record<string, number> = {}
  const all = [...Object.entries(storm.lines), ...storm.pods.all.map((pod) => [pod.service, pod.line] as const)]
  const kills = [
    ...storm.pods.all.map((pod) => [`kill -9 ${pod.service}`, pod.kill, 1500] as const),
    ['PostgreSQL crashed', storm.crashPostgres, 1000] as const,
    ['Redis restarted', storm.restartRedis, 1500] as const,
  ]
  const breaks = all.flatMap(([, line]) => [
    ['connections torn', async () => line.tear(), 0] as const,
    [
      'a line cut',
      async (away: number) => {
        await line.down()
        await setTimeout(away)
        await line.up()
      },
      1500,
    ] as const,
    [
      'a line slowed',
      async (away: number) => {
        line.slow(10 + away / 20)
        await setTimeout(away)
        line.slow(0)
      },
      3000,
    ] as const,
  ])
  const hand = async (harms: typeof kills | typeof breaks, random: () => number, rest: number) => {
    for (;;)
      for (const [name, harm, most] of shuffled<(typeof harms)[number]>(harms, random)) {
        const [away, after] = [most * random(), rest * (0.5 + random())]
        if (Date.now() > over) return
        await harm(away)
        did[name] = (did[name] ?? 0) + 1
        await setTimeout(after)
      }
  }
  await Promise.all([hand(kills, randomOf(seed), calm), hand(breaks, randomOf(seed + 1), calm / 4)])
  return did
}

const shuffled = <T>(of: readonly T[], random: () => number) =>
  of
    .map((one) => [random(), one] as const)
    .toSorted(([a], [b]) => a - b)
    .map(([, one]) => one)
