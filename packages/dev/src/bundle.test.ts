import { execFileSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serviceNames } from '@wealist/contract/topology'
import { beforeAll, expect, test } from 'vitest'
import { type Bundle, bundle, bundleAll, functions } from './bundle.ts'
import { initOf } from './lambda-init.ts'
import { repository } from './repository.ts'

const mostBytes = 2 * 1024 * 1024
const out = mkdtempSync(join(tmpdir(), 'wealist-bundles-'))
let bundles: Bundle[]
beforeAll(async () => void (bundles = await bundleAll(out)), 60_000)

/** Every package that lies in a bundle: `pg`, `@wealist/board`. */
const packagesIn = ({ metafile }: Bundle) =>
  new Set(
    Object.keys(metafile.inputs).map((file) => {
      const installed = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1]
      return installed ?? `@wealist/${/packages\/([\w-]+)/.exec(file)?.[1]}`
    }),
  )

test('every service has a function; sockets, the stream and the thumbnails have one of their own', () => {
  expect(
    functions
      .filter((f) => f.kind === 'http')
      .map((f) => f.name)
      .toSorted(),
  ).toEqual([...serviceNames].toSorted())
  expect(functions.filter((f) => f.kind !== 'http').map((f) => f.name)).toEqual([
    'board-socket',
    'chat-socket',
    'noti-stream',
    'storage-thumbnails',
  ])
})

test('no bundle is larger than 2 MB before compression', () => {
  const sizes = bundles.map(({ name, bytes }) => [name, bytes] as const)
  console.log(sizes.map(([name, bytes]) => `${name} ${Math.round(bytes / 1024)} KB`).join(', '))
  expect(sizes.filter(([, bytes]) => bytes > mostBytes)).toEqual([])
})

test('no service carries another one, nor what only another one needs, nor the local world', () => {
  const only: Record<string, readonly string[]> = {
    'livekit-server-sdk': ['chat'],
    busboy: ['storage'],
    'file-type': ['storage'],
    '@aws-sdk/client-s3': ['user', 'board', 'chat', 'storage', 'ops'],
  }
  for (const bundle of bundles) {
    const inside = packagesIn(bundle)
    const foreign = serviceNames.filter((s) => s !== bundle.service && inside.has(`@wealist/${s}`))
    expect([bundle.name, foreign]).toEqual([bundle.name, []])
    for (const name of [
      '@wealist/dev',
      '@wealist/ops-portal',
      'sharp',
      'vitest',
      'node-pg-migrate',
      '@hono/node-server',
    ])
      expect(inside, `${bundle.name} carries ${name}`).not.toContain(name)
    for (const [name, services] of Object.entries(only))
      if (inside.has(name)) expect(services, `${bundle.name} carries ${name}`).toContain(bundle.service)
  }
})

test('every bundle loads in a Node with nothing else around, and exports its handler', () => {
  for (const { name, dir } of bundles) {
    const script = `import('./index.mjs').then((m) => console.log(typeof m.handler))`
    const global = name.endsWith('stream') ? 'globalThis.awslambda = { streamifyResponse: (h) => h };' : ''
    const said = execFileSync(process.execPath, ['-e', global + script], { cwd: dir, env: {}, encoding: 'utf8' })
    expect([name, said.trim()]).toEqual([name, 'function'])
  }
})

test('the largest function is ready for its first event in at most three times what an empty Hono handler takes', async () => {
  const entry = join(out, 'empty.ts')
  const hono = join(repository, 'node_modules/hono/dist')
  writeFileSync(
    entry,
    `import { Hono } from '${hono}/index.js'
    import { handle } from '${hono}/adapter/aws-lambda/index.js'
    export const handler = handle(new Hono())`,
  )
  const empty = await bundle({ name: 'empty', entry }, out)
  const largest = bundles.filter((b) => b.kind === 'http').toSorted((a, b) => b.bytes - a.bytes)[0]!
  const times: Record<string, number[]> = { empty: [], largest: [] }
  for (let round = 0; round < 9; round++)
    for (const [name, { dir }] of Object.entries({ empty, largest })) times[name]!.push(await initOf(dir))
  const median = (name: string) => times[name]!.toSorted((a, b) => a - b)[4]!
  const ratio = median('largest') / median('empty')
  console.log(
    `init: ${largest.name} ${Math.round(median('largest'))} ms, empty ${Math.round(median('empty'))} ms: ${ratio.toFixed(2)} times`,
  )
  expect(ratio).toBeLessThanOrEqual(3)
}, 60_000)
