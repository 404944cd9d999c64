import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const root = import.meta.dirname
export const dist = join(root, 'dist')
const mark = join(dist, 'built-from')

// Everything that the build reads, but for its tools, whose versions are in the lock file.
const sources = () => {
  const hash = createHash('sha256')
  const folders = ['src', 'public', '../contract/src']
  const files = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  )
  const others = ['index.html', 'vite.config.ts', 'build.ts', 'package.json'].map((name) => join(root, name))
  for (const file of [...files.toSorted(), ...others]) hash.update(file.slice(root.length)).update(readFileSync(file))
  return hash.digest('hex')
}

/** True where `dist` is what the sources say. */
export const isBuilt = () => existsSync(mark) && readFileSync(mark, 'utf8') === sources()

/** Builds the portal into `dist`, with what browsers take compressed beside it; does nothing where that is there. */
export const build = async () => {
  if (isBuilt()) return
  const from = sources()
  const vite = await import('vite')
  await vite.build({ configFile: join(root, 'vite.config.ts'), logLevel: 'warn' })
  for (const name of readdirSync(join(dist, 'assets')).filter((file) => /\.(js|css)$/.test(file))) {
    const file = join(dist, 'assets', name)
    const bytes = readFileSync(file)
    writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }))
    writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }))
  }
  writeFileSync(mark, from)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await build()
