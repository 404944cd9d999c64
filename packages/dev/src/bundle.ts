import { globSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type ServiceName, serviceNames } from '@wealist/contract/topology'
import { build, type Metafile } from 'esbuild'
import { forNode } from './for-node.ts'
import { repository } from './repository.ts'

/** What calls a function: API Gateway with requests or with sockets, a URL that streams, the schedule alone. */
export type Kind = 'http' | 'socket' | 'stream' | 'jobs'

export interface LambdaFunction {
  /** `board`, `board-socket`, `noti-stream`. */
  name: string
  service: ServiceName
  kind: Kind
  /** Relative to the repository. */
  entry: string
}

const kinds: Record<string, Kind> = { '': 'http', socket: 'socket', stream: 'stream', thumbnails: 'jobs' }

/** Every Lambda adapter there is. */
export const functions: LambdaFunction[] = globSync('packages/*/src/lambda*.ts', { cwd: repository })
  .map((entry) => entry.replaceAll('\\', '/'))
  .toSorted()
  .flatMap((entry) => {
    const [, of, what = ''] = /^packages\/(\w+)\/src\/lambda(?:-(\w+))?\.ts$/.exec(entry) ?? []
    const service = serviceNames.find((name) => name === of)
    const kind = kinds[what]
    return service && kind ? [{ name: what ? `${service}-${what}` : service, service, kind, entry }] : []
  })

export interface Bundle extends LambdaFunction {
  /** The folder that Lambda would unpack; `index.mjs` exports `handler`. */
  dir: string
  metafile: Metafile
  bytes: number
}

/** Bundles a function as the previews do: minified, its native parts apart. */
export const bundle = async (fn: Pick<LambdaFunction, 'name' | 'entry'> & Partial<LambdaFunction>, out: string) => {
  const dir = join(out, fn.name)
  const { metafile } = await build({
    ...forNode,
    entryPoints: [resolve(repository, fn.entry)],
    outdir: dir,
    entryNames: 'index',
    outExtension: { '.js': '.mjs' },
    // What is loaded when it is needed lies in a file of its own, which a cold start does not read.
    splitting: true,
    metafile: true,
  })
  const bytes = Object.entries(metafile.outputs).reduce(
    (n, [file, out]) => n + (file.endsWith('.mjs') ? out.bytes : 0),
    0,
  )
  return { ...fn, dir, metafile, bytes } as Bundle
}

export const bundleAll = (out: string) => Promise.all(functions.map((fn) => bundle(fn, out)))
