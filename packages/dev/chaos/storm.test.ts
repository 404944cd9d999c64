import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { behind, gather, jobsOf } from './storm.evidence.ts'
import { startLoad } from './storm.load.ts'
import { judge } from './storm.oracle.ts'
import { compared, useOfAll } from './storm.use.ts'
import { storming } from './storm.weather.ts'
import { type Storm, startStorm } from './storm.world.ts'

// Milliseconds. `calm`: from one kill to the next, about. `settle`: a job that failed some times waits for minutes.
const whole = process.env['CHAOS'] === 'whole'
const size = whole
  ? { ms: 600_000, calm: 3000, crowd: 20, writers: 12, watchers: 16, settle: 600_000 }
  : { ms: 10_000, calm: 800, crowd: 8, writers: 6, watchers: 6, settle: 100_000 }
const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31))

let storm: Storm
beforeAll(async () => {
  storm = await startStorm(size.crowd)
}, 120_000)
afterAll(() => storm?.stop(), 60_000)

/** The jobs that are left when all are done, or the time is over. */
const settled = async (ms: number) => {
  for (const end = Date.now() + ms; ;) {
    const left = await jobsOf(storm)
    if (left.length === 0 || Date.now() > end) return left
    await setTimeout(500)
  }
}

test(
  `${size.ms / 1000} s of kills, crashes and cut lines: what was acknowledged is there, once and in order, every notification once, every live client complete, nothing left behind`,
  async () => {
    const before = useOfAll(storm.pods.all)
    const load = await startLoad(storm, size)
    const did = await storming(storm, { seed, ...size })
    await load.end()
    const left = await settled(size.settle)
    await expect.poll(() => behind(storm, load), { timeout: 60_000, interval: 200 }).toBe(0)
    const evidence = await gather(storm, load, left)
    load.leave()
    const back = () => compared(before, useOfAll(storm.pods.all))
    await expect
      .poll(() => back().filter(({ after, most }) => after > most), { timeout: 30_000, interval: 500 })
      .toEqual([])
    const acknowledged = evidence.acknowledged.reduce((sum, { keys }) => sum + keys.length, 0)
    const opened = [...load.tabs, ...load.streams].reduce((sum, tab) => sum + tab.opened, 0)
    console.log(
      JSON.stringify({
        seed,
        did,
        acknowledged,
        files: load.files.length,
        ...load.failed,
        ...load.torn,
        ...load.signing.counts(),
        opened,
        logged: storm.secrets.lines,
      }),
    )
    expect(judge({ ...evidence, back: back() }).slice(0, 20), `again by SEED=${seed}`).toEqual([])
    expect([acknowledged > 50, load.files.length > 0, Object.keys(did).length > 3]).toEqual([true, true, true])
  },
  size.ms + 2 * size.settle + 120_000,
)
