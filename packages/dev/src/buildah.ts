import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { printed } from './alive.ts'

/** A user id, as images say it. */
const nonroot = 65532

/**
 * Debian's buildah, with images and containers in a folder of its own; undefined where there is none, or where this machine
 * does not let it work. Without an engine and without overlays: slow, and enough for one image.
 */
export const openBuildah = (dir: string) => {
  if (process.getuid?.() !== 0 || printed('buildah', ['--version']) === '') return undefined
  const env = { ...process.env, STORAGE_DRIVER: 'vfs', BUILDAH_ISOLATION: 'chroot' }
  const options = ['--root', join(dir, 'store'), '--runroot', join(dir, 'run')]
  const run = (...args: string[]) =>
    execFileSync('buildah', [...options, ...args], { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim()
  const works = spawnSync('buildah', [...options, 'from', 'scratch'], { env }).status === 0
  if (!works) return undefined
  return {
    run,
    /** Runs a container of an image as its user, with the network of this machine. */
    start: (image: string, variables: Record<string, string>, command: string[]) => {
      const container = run('from', '--pull-never', image)
      const given = Object.entries(variables).flatMap(([name, value]) => ['--env', `${name}=${value}`])
      const args = [
        ...options,
        'run',
        '--network',
        'host',
        '--user',
        String(nonroot),
        ...given,
        container,
        '--',
        ...command,
      ]
      return spawn('buildah', args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    },
  }
}
export type Buildah = NonNullable<ReturnType<typeof openBuildah>>

const libraries = (program: string) => [...new Set(printed('ldd', [program]).match(/\/\S+/g))]
const put = (root: string, from: string, to = from) => {
  mkdirSync(dirname(join(root, to)), { recursive: true })
  cpSync(realpathSync(from), join(root, to), { recursive: true })
}
const commit = ({ run }: Buildah, root: string, image: string, ...config: string[]) => {
  const container = run('from', 'scratch')
  run('copy', '-q', container, root, '/')
  run('config', ...config, container)
  run('commit', '-q', container, image)
}

/** What stands for the Dockerfile's two base images where no registry can be asked: this machine's Node, shell and npm. */
export const makeBases = (buildah: Buildah, dir: string, [build, final]: [string, string]) => {
  const node = process.execPath
  const tools = join(dir, 'tools')
  put(tools, node, '/usr/bin/node')
  put(tools, '/bin/sh')
  for (const library of [node, '/bin/sh'].flatMap(libraries)) put(tools, library)
  put(tools, dirname(dirname(realpathSync(printed('which', ['npm'])))), '/opt/npm')
  writeFileSync(join(tools, 'usr/bin/npm'), '#!/bin/sh\nexec /usr/bin/node /opt/npm/bin/npm-cli.js "$@"\n', {
    mode: 0o755,
  })
  mkdirSync(join(tools, 'tmp'))
  const { NODE_EXTRA_CA_CERTS: authorities } = process.env
  if (authorities) put(tools, authorities, '/etc/authorities.pem')
  const trusted = authorities ? ['--env', 'NODE_EXTRA_CA_CERTS=/etc/authorities.pem'] : []
  commit(buildah, tools, build, '--env', 'PATH=/usr/bin:/bin', ...trusted)

  const bare = join(dir, 'bare')
  put(bare, node, '/nodejs/bin/node')
  for (const library of libraries(node)) put(bare, library)
  mkdirSync(join(bare, 'etc'), { recursive: true })
  writeFileSync(join(bare, 'etc/passwd'), `nonroot:x:${nonroot}:${nonroot}:nonroot:/home/nonroot:/sbin/nologin\n`)
  mkdirSync(join(bare, 'tmp'))
  chmodSync(join(bare, 'tmp'), 0o1777)
  commit(buildah, bare, final, '--entrypoint', '["/nodejs/bin/node"]', '--user', String(nonroot))
}
