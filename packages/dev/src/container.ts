import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Image, images, topology } from '@wealist/contract/topology'
import { build, type Plugin } from 'esbuild'
import { repository } from './repository.ts'

/** What makes thumbnails is storage with sharp beside it. */
const serviceOf = (image: Image) => (image === 'storage-thumbnails' ? 'storage' : image)

// In one file there is one `import.meta.url`: each package's migrations get a folder of its own beside it.
const migrationsBeside: Plugin = {
  name: 'migrations beside the bundle',
  setup: ({ onLoad }) =>
    onLoad({ filter: /packages[/\\]\w+[/\\]src[/\\](service|migrate)\.ts$/ }, ({ path }) => {
      const [, name] = /packages[/\\](\w+)[/\\]src/.exec(path)!
      const text = readFileSync(path, 'utf8')
      return { loader: 'ts', contents: text.replace("new URL('../migrations/',", `new URL('./migrations/${name}/',`) }
    }),
}

/** Puts into a folder what an image holds besides Node: `index.mjs`, its source map, migrations, and what it needs beside. */
export const makeImage = async (image: Image, out: string) => {
  const service = serviceOf(image)
  const entry = service === 'ops-portal' ? 'packages/ops-portal/server.ts' : `packages/${service}/src/node.ts`
  mkdirSync(out, { recursive: true })
  const { metafile } = await build({
    entryPoints: [join(repository, entry)],
    outfile: join(out, 'index.mjs'),
    bundle: true,
    minify: true,
    sourcemap: 'linked',
    // Names and lines for stack traces; the sources themselves are in git.
    sourcesContent: false,
    metafile: true,
    platform: 'node',
    mainFields: ['module', 'main'],
    target: 'node24',
    format: 'esm',
    external: ['sharp', 'pg-native'],
    plugins: [migrationsBeside],
    banner: {
      js: "import{createRequire as topLevelCreateRequire}from'node:module';const require=topLevelCreateRequire(import.meta.url);",
    },
    logLevel: 'error',
    absWorkingDir: repository,
  })
  for (const name of service !== 'ops-portal' && topology[service].database && service !== 'ops'
    ? ['kit', service]
    : [])
    cpSync(join(repository, 'packages', name, 'migrations'), join(out, 'migrations', name), { recursive: true })
  if (image === 'storage-thumbnails') copyPackage('sharp', out)
  if (service === 'ops-portal') {
    const [{ buildPortal }, { dist }] = await Promise.all([import('./portal.ts'), import('@wealist/ops-portal/build')])
    await buildPortal()
    cpSync(dist, join(out, 'dist'), { recursive: true, filter: (file) => !file.endsWith('.map') })
  }
  // Modules of this folder are ESM whoever asks.
  writeFileSync(join(out, 'package.json'), '{"type":"module"}\n')
  return metafile
}

// A package with all that it needs on this machine's platform; what is for others was never installed.
const copyPackage = (name: string, out: string) => {
  const from = join(repository, 'node_modules', name)
  if (!readdirSync(join(from, '..')).includes(name.split('/').at(-1)!)) return
  cpSync(from, join(out, 'node_modules', name), { recursive: true, dereference: true })
  const manifest = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8')) as Record<string, object>
  for (const other of Object.keys({ ...manifest['dependencies'], ...manifest['optionalDependencies'] }))
    copyPackage(other, out)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [, , image, out = 'out'] = process.argv
  const known = images.find((name) => name === image)
  if (!known) throw new Error(`“${image ?? ''}” is no image of ours. There are ${images.join(', ')}.`)
  await makeImage(known, resolve(out))
  console.log(`${known} is in ${relative(process.cwd(), resolve(out)) || '.'}${sep}`)
}
