import { cpSync, existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Image as Name, images as names, type ServiceName } from '@wealist/contract/topology'
import { build } from 'esbuild'
import { migrationsBeside } from './container-migrations.ts'
import { installed } from './container-native.ts'
import { forNode } from './for-node.ts'
import { repository } from './repository.ts'

export interface Image {
  /** Also the name of its repository in the registry, after `wealist-`. */
  name: Name
  /** Whose process it is; none for the portal. */
  service?: ServiceName
  /** Relative to the repository. */
  entry: string
  /** Packages with parts for one machine, which cannot lie in a bundle. */
  native: readonly string[]
}

const src = (service: string, file: string) => `packages/${service}/src/${file}.ts`
const entryOf = (service: ServiceName) => {
  const own = src(service, 'container')
  return existsSync(join(repository, own)) ? own : src(service, 'node')
}

/** Every image there is: a service each, the one that makes small pictures, and the portal. */
export const images: readonly Image[] = names.map((name) =>
  name === 'storage-thumbnails'
    ? { name, service: 'storage', entry: src('storage', 'container-thumbnails'), native: ['sharp'] }
    : name === 'ops-portal'
      ? { name, entry: 'packages/ops-portal/server.ts', native: [] }
      : { name, service: name, entry: entryOf(name), native: [] },
)

/** Makes what an image holds above its base: its code with maps, the migrations it runs, and what cannot be bundled. */
export const pack = async ({ entry, service, native }: Image, out: string) => {
  await build({
    ...forNode,
    entryPoints: [resolve(repository, entry)],
    outdir: out,
    entryNames: 'index',
    outExtension: { '.js': '.mjs' },
    // What is loaded when it is needed lies in a file of its own, which a start does not read.
    splitting: true,
    // Node prints the line at which a process fails: not one of a megabyte.
    lineLimit: 200,
    // A stack names the file and the line; the text of the line is in the repository.
    sourcesContent: false,
    plugins: [migrationsBeside],
  })
  for (const owner of service && existsSync(join(repository, migrationsOf(service))) ? ['kit', service] : [])
    copy(migrationsOf(owner), join(out, 'migrations', owner))
  if (!service) {
    const { buildPortal } = await import('./portal.ts')
    await buildPortal()
    copy('packages/ops-portal/dist', join(out, 'dist'))
  }
  for (const name of installed(native)) copy(join('node_modules', name), join(out, 'node_modules', name))
}

const migrationsOf = (owner: string) => join('packages', owner, 'migrations')

// The portal's own maps hold its whole source, for whoever asks: they stay behind.
const copy = (from: string, to: string) =>
  cpSync(join(repository, from), to, {
    recursive: true,
    dereference: true,
    filter: (path) => !/\.[jc]ss?\.map$/.test(path),
  })

/** Above its base an image stays small: what only a developer or another package's build needs is not in it. */
export const mostBytes = (image: Image) => (image.native.length > 0 ? 32 : 8) * 1024 * 1024

const [, script = '', name, out] = process.argv
if (import.meta.url === pathToFileURL(script).href) {
  const image = images.find((one) => one.name === name)
  if (!image || !out)
    throw new Error(`container.ts <image> <folder>; images are ${images.map((one) => one.name).join(', ')}`)
  await pack(image, resolve(out))
}
