import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { makeBases, openBuildah } from './buildah.ts'
import { contextOf } from './dockerfile.ts'
import { freePort } from './ports.ts'
import { repository } from './repository.ts'
import { testRedis } from './testing/redis.ts'

const dir = mkdtempSync(join(tmpdir(), 'wealist-buildah-'))
const buildah = openBuildah(dir)
if (!buildah) console.warn('skipped: a real image needs buildah, and root (apt-get install buildah)')
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const dockerfile = join(repository, 'k8s/Dockerfile')
interface Inspected {
  OCIv1: { config: object }
  /** JSON once more. */
  Manifest: string
}
const inspect = (image: string) => JSON.parse(buildah!.run('inspect', '--type', 'image', image)) as Inspected
const size = (image: string) => {
  const { layers } = JSON.parse(inspect(image).Manifest) as { layers: { size: number }[] }
  return layers.reduce((sum, layer) => sum + layer.size, 0)
}

test.skipIf(!buildah)(
  'the Dockerfile makes a real image: Node and a few megabytes, its user without rights, and it runs',
  async () => {
    const [build, final] = [...readFileSync(dockerfile, 'utf8').matchAll(/^FROM (\S+)/gm)].map(([, name]) => name!)
    // Where the names of the file lead to, said in full.
    makeBases(buildah!, dir, [`docker.io/library/${build!}`, final!])
    const context = join(dir, 'context')
    contextOf(repository, join(repository, 'k8s/Dockerfile.dockerignore'), context)
    const args = ['SERVICE=auth', 'VERSION=7-abc'].flatMap((arg) => ['--build-arg', arg])
    const how = ['--pull-never', '--layers=false', '--network', 'host']
    buildah!.run('bud', '-q', ...how, ...args, '-f', dockerfile, '-t', 'wealist-auth', context)

    const { config } = inspect('wealist-auth').OCIv1
    expect(config).toMatchObject({
      User: '65532:65532',
      Entrypoint: ['/nodejs/bin/node'],
      Cmd: ['index.mjs'],
      WorkingDir: '/app',
    })
    expect(size('wealist-auth') - size(final!)).toBeLessThan(8_000_000)

    const port = await freePort()
    const redis = testRedis()
    const child = buildah!.start(
      'wealist-auth',
      {
        ENVIRONMENT: 'test',
        PORT: String(port),
        HOST: '127.0.0.1',
        KEYS_FILE: '/tmp/keys.json',
        REDIS_URL: redis.url,
        REDIS_PREFIX: redis.prefix,
        DRAIN_SECONDS: '0',
      },
      ['/nodejs/bin/node', 'index.mjs'],
    )
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
    try {
      await expect
        .poll(
          () =>
            fetch(`http://127.0.0.1:${port}/health/ready`).then(
              (r) => r.json(),
              () => said,
            ),
          { timeout: 30_000 },
        )
        .toMatchObject({ version: '7-abc', checks: { redis: 'ok' } })
    } finally {
      child.kill('SIGTERM')
      await new Promise((resolve) => child.once('exit', resolve))
    }
  },
  600_000,
)
