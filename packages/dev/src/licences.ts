import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { images } from './container.ts'
import { functions } from './bundle.ts'
import { forNode } from './for-node.ts'
import { repository } from './repository.ts'

export interface Shipped {
  name: string
  version: string
  licence: string
}

/** Licences under which a package may be in what we ship: they ask for a notice and nothing else. */
export const allowed = ['0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'CC0-1.0', 'ISC', 'MIT']

// What is not part of a bundle and lies beside it: sharp, with the library it is made of.
const beside = ['sharp', '@img/colour', 'detect-libc', 'semver']

/** Every package of which something is in an image, a function or the portal, as the bundler sees it. */
export const shipped = async (): Promise<Shipped[]> => {
  const { metafile } = await build({
    ...forNode,
    entryPoints: [...images.map((i) => i.entry), ...functions.map((f) => f.entry), 'packages/ops-portal/src/main.ts'],
    outdir: 'out',
    write: false,
    metafile: true,
    sourcemap: false,
    jsx: 'automatic',
    loader: { '.css': 'empty', '.svg': 'empty', '.woff2': 'empty' },
  })
  const folders = new Set(
    Object.keys(metafile.inputs).flatMap((path) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []),
  )
  for (const name of beside) folders.add(join('node_modules', name))
  const found = [...folders].filter((folder) => existsSync(join(repository, folder, 'package.json'))).map(described)
  const once = new Map(found.map((one) => [`${one.name} ${one.version}`, one]))
  return [...once.values()].toSorted((a, b) => (`${a.name} ${a.version}` < `${b.name} ${b.version}` ? -1 : 1))
}

const described = (folder: string): Shipped => {
  const { name, version, license, licenses } = JSON.parse(
    readFileSync(join(repository, folder, 'package.json'), 'utf8'),
  ) as {
    name: string
    version: string
    license?: string
    licenses?: { type: string }[]
  }
  return { name, version, licence: license ?? licenses?.map((one) => one.type).join(' OR ') ?? 'unknown' }
}

export const file = join(repository, 'LICENCES.md')

export const listOf = (packages: readonly Shipped[]) =>
  [
    '# What others wrote',
    '',
    'Packages of which something is in an image, a function or the portal, as the bundler finds them, with their licences.',
    'Made by `npm run licences`; a test holds it against the code. Thumbnails also carry libvips (LGPL-3.0), linked as it comes.',
    '',
    '| package | version | licence |',
    '| --- | --- | --- |',
    ...packages.map(({ name, version, licence }) => `| ${name} | ${version} | ${licence} |`),
    '',
  ].join('\n')

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) writeFileSync(file, listOf(await shipped()))
