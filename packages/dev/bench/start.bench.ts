import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { bundle, functions } from '../src/bundle.ts'
import { forNode } from '../src/for-node.ts'
import { initOf } from '../src/lambda-init.ts'
import { repository } from '../src/repository.ts'
import { bench } from './bench.ts'
import type { Comparison, Contestant } from './compare.ts'
import { openLab, type Lab } from './lab.ts'

const timed = async (start: () => Promise<{ stop(): Promise<void> }>) => {
  const begun = performance.now()
  const started = await start()
  const ready = performance.now() - begun
  await started.stop()
  return { ready }
}

const empty = async ({ dir }: Lab) => {
  const outfile = join(dir, 'hono.mjs')
  await build({ ...forNode, entryPoints: [join(import.meta.dirname, 'peers/hono.ts')], outfile })
  return outfile
}

/** From nothing, and over what the last run left. */
const npmStart = (name: string, { cold, data }: { cold: boolean; data: string }): Contestant => ({
  name,
  kind: 'ours',
  round: async () => {
    if (cold) await rm(data, { recursive: true, force: true })
    const begun = performance.now()
    const env = { ...process.env, WEALIST_DATA: data }
    const child = spawn(process.execPath, ['packages/dev/src/start.ts'], { cwd: repository, env })
    await new Promise<void>((resolve, reject) => {
      child.stdout.on('data', (chunk: Buffer) => void (String(chunk).includes('Ctrl-C stops everything') && resolve()))
      child.once('exit', (code) => reject(new Error(`npm start ended with ${code}`)))
    })
    const ready = performance.now() - begun
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGINT')
    await ended
    return { ready }
  },
})

const figures = { ready: 'ms until it answers' }

export default bench({
  name: 'start',
  title: 'Starting',
  run: async (measure) => {
    const lab = await openLab()
    const hono = await empty(lab)
    for (const name of ['board', 'chat', 'auth'] as const) await lab.bundleOf(name)
    const containers: Comparison = {
      title: 'a container, until it is ready',
      figures,
      contestants: [
        ...(['board', 'chat'] as const).map((name): Contestant => ({
          name,
          kind: 'ours',
          round: () => timed(() => lab.service(name)),
        })),
        { name: 'an empty Hono app', kind: 'limit', round: () => timed(() => lab.start(hono, {}, '/health/ready')) },
      ],
      goals: ['board', 'chat'].map((of) => ({ figure: 'ready', of, over: 'an empty Hono app', most: 3 })),
    }
    await measure(containers)

    const out = join(lab.dir, 'functions')
    const made = await Promise.all(functions.filter((f) => f.kind === 'http').map((f) => bundle(f, out)))
    const none = await bundle({ name: 'empty', entry: 'packages/dev/bench/peers/hono-lambda.ts' }, out)
    const largest = made.toSorted((a, b) => b.bytes - a.bytes)[0]!
    await measure({
      title: 'a function of Lambda, until it asks for its first event',
      figures: { ready: 'ms of initialisation' },
      contestants: [
        {
          name: `${largest.name}, the largest`,
          kind: 'ours',
          round: async () => ({ ready: await initOf(largest.dir) }),
        },
        { name: 'an empty Hono app', kind: 'limit', round: async () => ({ ready: await initOf(none.dir) }) },
      ],
      goals: [{ figure: 'ready', of: `${largest.name}, the largest`, over: 'an empty Hono app', most: 3 }],
    })
    await lab.stop()
    // Not where somebody's own data lie.
    const data = join(await mkdtemp(join(tmpdir(), 'wealist-start-')), 'data')
    await measure({
      title: 'npm start: seven services, gateway, portal, PostgreSQL, Redis, S3',
      figures: { ready: 'ms until everything is there' },
      contestants: [npmStart('from nothing', { cold: true, data }), npmStart('again', { cold: false, data })],
    })
    await rm(data, { recursive: true, force: true })
  },
})
