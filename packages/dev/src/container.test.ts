import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { topology, type Image, images } from '@wealist/contract/topology'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Built, contextOf, runDockerfile } from './dockerfile.ts'
import { freePort } from './ports.ts'
import { repository } from './repository.ts'
import { asAdministrator, createDatabase, createRoles, urlOf } from './databases.ts'
import { administratorUrl } from './testing/clone.ts'
import { testRedis } from './testing/redis.ts'

// The Dockerfile's own steps in empty folders. The stage that installs is the same for all images, so it is run once.
let folder: string
let board: Built
const rootOf = new Map<Image, string>()
const databases: string[] = []
const redis = testRedis()

const sizeOf = (dir: string): number =>
  readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wealist-images-'))
  chmodSync(folder, 0o755)
  contextOf(repository, join(repository, 'k8s/Dockerfile.dockerignore'), join(folder, 'context'))
  board = runDockerfile(join(repository, 'k8s/Dockerfile'), join(folder, 'context'), join(folder, 'board'), {
    SERVICE: 'board',
    VERSION: '7-abc',
  })
  rootOf.set('board', join(board.root, board.workdir))
  // The other images by the same last command of the same stage.
  const { makeImage } = (await import(
    join(folder, 'board/build/build/packages/dev/src/container.ts')
  )) as typeof import('./container.ts')
  for (const image of images.filter((name) => name !== 'board')) {
    const out = join(folder, image)
    await makeImage(image, out)
    rootOf.set(image, out)
  }
}, 600_000)
afterAll(async () => {
  await asAdministrator(administratorUrl(), async (client) => {
    for (const name of databases) await client.query(`drop database if exists ${name} with (force)`)
  })
  rmSync(folder, { recursive: true, force: true })
})

const nobody = process.getuid?.() === 0 ? { uid: 65532, gid: 65532 } : {}

/** An image's process under the restrictions of the cluster: a user without a name or rights, files that only read. */
const start = (image: Image, env: Record<string, string>, args: string[] = []) => {
  const root = rootOf.get(image)!
  const lines: string[] = []
  const child = spawn(process.execPath, [...board.cmd, ...args], {
    cwd: root,
    env: { ...board.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...nobody,
  })
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => lines.push(chunk.toString()))
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  return { child, ended, said: () => lines.join('') }
}
const answers = async (url: string, end = Date.now() + 20_000): Promise<Response> => {
  const answer = await fetch(url).catch(() => undefined)
  if (answer?.ok) return answer
  if (Date.now() > end) throw new Error(`${url} did not answer`)
  await new Promise((resolve) => setTimeout(resolve, 100))
  return answers(url, end)
}
const lock = (dir: string) => {
  for (const entry of readdirSync(dir, { withFileTypes: true, recursive: true }))
    chmodSync(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o555 : 0o444)
  chmodSync(dir, 0o555)
}

test('the image is Node and one user without rights: no shell, no package manager, nothing that was not copied', () => {
  expect(board.from).toMatch(/^gcr\.io\/distroless\/nodejs24-debian13:nonroot$/)
  expect([board.user, board.cmd, board.workdir]).toEqual(['65532:65532', ['index.mjs'], '/app'])
  expect(board.env).toMatchObject({ NODE_ENV: 'production', VERSION: '7-abc', NODE_OPTIONS: '--enable-source-maps' })
  expect(readdirSync(board.root)).toEqual(['app'])
  expect(readdirSync(rootOf.get('board')!).toSorted()).toEqual([
    'index.mjs',
    'index.mjs.map',
    'migrations',
    'package.json',
  ])
})

test('each image adds a few megabytes to its base; only that of thumbnails has native parts', () => {
  for (const image of images) {
    const root = rootOf.get(image)!
    expect([image, existsSync(join(root, 'node_modules'))]).toEqual([image, image === 'storage-thumbnails'])
    if (image !== 'storage-thumbnails') expect([image, sizeOf(root) < 8_000_000]).toEqual([image, true])
  }
})

test.each(images)(
  '%s starts read-only and without rights, answers, says who it is, and ends in order when it is told to',
  async (image) => {
    const root = rootOf.get(image)!
    lock(root)
    const [port, metrics] = [await freePort(), await freePort()]
    const service = image === 'storage-thumbnails' ? 'storage' : image
    if (service === 'ops-portal') {
      const run = start(image, { PORT: String(port), HOST: '127.0.0.1', API_URL: 'https://api.example' })
      expect(await (await answers(`http://127.0.0.1:${port}/config.json`)).json()).toEqual({
        apiUrl: 'https://api.example',
      })
      expect(await (await answers(`http://127.0.0.1:${port}/people`)).text()).toContain('<div id="root">')
      run.child.kill('SIGTERM')
      expect(await run.ended).toBe(0)
      return
    }
    const env: Record<string, string> = {
      ENVIRONMENT: 'test',
      HOST: '127.0.0.1',
      PORT: String(port),
      METRICS_PORT: String(metrics),
      REDIS_URL: redis.url,
      REDIS_PREFIX: `${redis.prefix}${image}:`,
      KEYS_FILE: join(mkdtempSync(join(tmpdir(), 'wealist-keys-')), 'keys.json'),
      S3_ENDPOINT: 'http://127.0.0.1:1',
      AUTH_MODE: 'gateway',
      DRAIN_SECONDS: '0.2',
    }
    if (process.getuid?.() === 0) chmodSync(join(env['KEYS_FILE']!, '..'), 0o777)
    if (topology[service].database) {
      const name = `image_${process.env['TEST_RUN']}_${image.replace('-', '_')}`
        .replaceAll(/[^a-z0-9_]/gi, '')
        .toLowerCase()
      await asAdministrator(administratorUrl(), async (client) => {
        await createRoles(client)
        await createDatabase(client, service, name)
      })
      databases.push(name)
      env['DATABASE_URL'] = urlOf(administratorUrl(), service, name)
      const migration = start(image, env, ['migrate'])
      expect([await migration.ended, migration.said()]).toEqual([0, ''])
    }
    const run = start(image, env)
    const answer = await answers(`http://127.0.0.1:${metrics}/health/ready`).catch((error: Error) => {
      throw new Error(`${error.message}: ${run.said().slice(-2000)}`)
    })
    expect(await answer.json()).toMatchObject({ version: '7-abc', checks: { redis: 'ok' } })
    expect((await fetch(`http://127.0.0.1:${port}/nothing-there`)).status).toBe(404)
    expect(run.said()).toContain('"msg":"listening"')
    run.child.kill('SIGTERM')
    expect([await run.ended, run.said().includes('could not stop')]).toEqual([0, false])
  },
  40_000,
)
