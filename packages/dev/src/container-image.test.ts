import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { images, mostBytes, pack } from './container.ts'
import { stagesOf } from './container-file.ts'
import { fillBase } from './container-run.ts'
import { inImages } from './for-node.ts'
import { repository } from './repository.ts'

const dir = mkdtempSync(join(tmpdir(), 'wealist-image-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const asked = (...args: string[]) =>
  spawnSync(
    'buildah',
    ['--root', join(dir, 'root'), '--runroot', join(dir, 'run'), '--storage-driver', 'vfs', ...args],
    {
      cwd: repository,
      env: { ...process.env, BUILDAH_ISOLATION: 'chroot' },
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    },
  )
const buildah = (...args: string[]) => {
  const { status, stdout, stderr } = asked(...args)
  if (status !== 0) throw new Error(`buildah ${args[0]}: ${stderr.slice(-2000)}`)
  return stdout.trim()
}

const { error, status } = asked('from', '--name', 'empty', 'scratch')
const why = error ? 'there is no buildah' : status !== 0 ? 'buildah may not build here' : undefined

// The registry's base is out of reach in tests: Node with its libraries stands for it, under its name.
const base = stagesOf(readFileSync(join(repository, 'k8s/Dockerfile'), 'utf8')).find(
  ({ name }) => name === 'base',
)!.from
const image = images.find(({ name }) => name === 'board')!

test.skipIf(why)(
  `a builder makes a real image of the Dockerfile: two layers, one user, files that are root’s${why ? ` (not tried: ${why})` : ''}`,
  async () => {
    await pack(image, join(dir, 'bundle/src/out'))
    mkdirSync(join(dir, 'base'))
    fillBase(join(dir, 'base'))
    buildah('copy', '--quiet', 'empty', join(dir, 'base'), '/')
    buildah('config', '--entrypoint', '["/nodejs/bin/node"]', 'empty')
    buildah('commit', '--quiet', 'empty', 'localhost/base')
    const contexts = [`${base}=container-image://localhost/base`, `bundle=${join(dir, 'bundle')}`]
    const given = ['--build-arg', 'SERVICE=board', '--build-arg', 'VERSION=7-abcdef0', '--target', 'service']
    const named = contexts.flatMap((context) => ['--build-context', context])
    buildah('build', '--quiet', '--layers', ...given, ...named, '-f', 'k8s/Dockerfile', '-t', 'localhost/board', '.')

    const { OCIv1 } = JSON.parse(buildah('inspect', '--type', 'image', 'localhost/board')) as {
      OCIv1: { config: Record<string, unknown>; rootfs: { diff_ids: string[] } }
    }
    expect(OCIv1.config).toMatchObject({
      User: '65532:65532',
      Entrypoint: ['/nodejs/bin/node'],
      Cmd: ['index.mjs'],
      WorkingDir: '/app',
      Env: expect.arrayContaining(['VERSION=7-abcdef0', 'NODE_ENV=production', `NODE_OPTIONS=${inImages}`]),
    })
    expect(OCIv1.rootfs.diff_ids).toHaveLength(2)

    const container = buildah('from', 'localhost/board')
    const script = `const fs = require('node:fs')
      const files = fs.readdirSync('.', { recursive: true, withFileTypes: true }).filter((f) => f.isFile())
        .map((f) => fs.statSync(f.parentPath + '/' + f.name))
      let written = true; try { fs.writeFileSync('x', '') } catch { written = false }
      console.log(JSON.stringify({ uid: process.getuid(), at: process.cwd(), written, top: fs.readdirSync('.').filter((name) => !/-[0-9A-Z]{8}\\.mjs(\\.map)?$/.test(name)),
        owners: [...new Set(files.map((f) => f.uid))], bytes: files.reduce((n, f) => n + f.size, 0) }))`
    const said = JSON.parse(buildah('run', container, '--', '/nodejs/bin/node', '-e', script)) as { bytes: number }
    console.log(`a real image of board: ${(said.bytes / 1024 / 1024).toFixed(1)} MB above its base`)
    expect(said).toEqual({
      uid: 65532,
      at: '/app',
      written: false,
      top: ['index.mjs', 'index.mjs.map', 'migrations'],
      owners: [0],
      bytes: expect.any(Number),
    })
    expect(said.bytes).toBeLessThanOrEqual(mostBytes(image))
  },
  120_000,
)
