import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Env } from '@wealist/kit/config'
import type { Built } from './container-steps.ts'

/**
 * What the base image has that a process needs: Node where its entry point looks for it, its libraries with all of the C
 * library, and the name of this machine.
 */
export const fillBase = (root: string) => {
  const linked = execFileSync('ldd', [process.execPath], { encoding: 'utf8' }).matchAll(/\s(\/\S+) \(0x/g)
  const libraries = [...linked].map(([, path]) => path!)
  const libc = dirname(libraries.find((path) => path.endsWith('/libc.so.6'))!)
  for (const name of ['libresolv.so.2', 'librt.so.1', 'libnss_files.so.2', 'libnss_dns.so.2'])
    if (existsSync(join(libc, name))) libraries.push(join(libc, name))
  for (const [from, to] of [
    [process.execPath, '/nodejs/bin/node'],
    ...libraries.map((path) => [path, path]),
  ] as const) {
    mkdirSync(dirname(join(root, to!)), { recursive: true })
    copyFileSync(from!, join(root, to!))
  }
  for (const folder of ['etc', 'proc', 'dev', 'tmp']) mkdirSync(join(root, folder), { recursive: true })
  writeFileSync(join(root, 'etc/hosts'), '127.0.0.1 localhost\n')
}

const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n']
// Written out, because the environment in which they are looked for is empty.
const tool = (name: string) =>
  ['/usr/bin', '/usr/sbin', '/bin', '/sbin'].map((dir) => `${dir}/${name}`).find(existsSync)

/** Why no process can be held as a container holds it; nothing where one can. */
export const cannotHold = (): string | undefined => {
  for (const name of ['unshare', 'setpriv']) if (!tool(name)) return `there is no ${name}`
  const [command = '', ...args] = [...asRoot, 'unshare', '--mount', 'true']
  return spawnSync(command, args).status === 0 ? undefined : 'mounts of its own need root, or sudo without a password'
}

// The file system becomes read-only for this process alone; what the kernel shows stays as a cluster shows it.
const prepare = `root=$1; shift
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -o remount,bind,ro "$root"
exec "$@"`

export interface Contained {
  /** Its standard output, a line each, and the lines of its standard error. */
  out: string[]
  err: string[]
  ended: Promise<number | null>
  signal(name: 'TERM' | 'KILL'): void
}

/**
 * Starts a built image as a cluster does: its root is the only file system there is, read-only; its user has no name, no
 * capability and no way to new ones; its environment is what it is given. Node is the base's entry point.
 */
export const startContained = (built: Built, given: Env, args: string[] = built.cmd): Contained => {
  const { root, workdir, user, env } = built
  const [uid = '', gid = ''] = user.split(':')
  const variables = Object.entries({ ...env, ...given }).flatMap(([name, value]) => (value ? [`${name}=${value}`] : []))
  const inside = ['--root', root, '--wd', workdir, '--setgid', gid, '--setuid', uid, '/nodejs/bin/node']
  const [command = '', ...rest] = [
    ...[...asRoot, 'unshare', '--mount', 'sh', '-euc', prepare, 'sh', root],
    ...['env', '-i', ...variables, tool('setpriv')!, '--no-new-privs', tool('unshare')!, ...inside, ...args],
  ]
  const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  return {
    out: linesOf(child.stdout),
    err: linesOf(child.stderr),
    ended,
    signal: (name) => signal(child, name),
  }
}

const linesOf = (stream: NonNullable<ChildProcess['stdout']>) => {
  const lines: string[] = []
  let rest = ''
  stream.on('data', (chunk: Buffer) => {
    const parts = (rest + chunk.toString()).split('\n')
    rest = parts.pop()!
    lines.push(...parts)
  })
  stream.on('end', () => rest && lines.push(rest))
  return lines
}

const signal = ({ pid, exitCode }: ChildProcess, name: string) => {
  if (exitCode !== null) return
  const [command = '', ...args] = [...asRoot, 'kill', `-${name}`, String(pid)]
  spawnSync(command, args)
}
