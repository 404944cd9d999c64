import { fork } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { build } from 'esbuild'
import { repository } from '../repository.ts'
import { platform } from './platform.ts'
import type { Resource } from './resources.ts'

let built: Promise<string> | undefined

/** `sst.config.ts` as SST's command bundles it: into the platform's folder, whose packages it uses, with its globals. */
const program = () => (built ??= bundled())
const bundled = async () => {
  const outfile = join(platform, 'wealist.mjs')
  await build({
    stdin: { contents: entry, resolveDir: platform, loader: 'ts' },
    outfile,
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node24',
    inject: [join(platform, 'src', 'shim', 'run.js')],
    define: { $app: 'globalThis.$app', $cli: 'globalThis.$cli', $dev: 'globalThis.$dev' },
    banner: {
      js: "import{createRequire as topLevelCreateRequire}from'node:module';const require=topLevelCreateRequire(import.meta.url);const __filename='',__dirname='';",
    },
    sourcemap: 'inline',
    logLevel: 'error',
  })
  return outfile
}
const entry = `
  import * as aws from '@pulumi/aws'
  import * as random from '@pulumi/random'
  import * as sst from './src/components/index.ts'
  import { run } from './src/auto/run.ts'
  import config from '../../sst.config.ts'
  import { simulated } from '../../packages/dev/src/stacks/program.js'
  Object.assign(globalThis, { aws, random, sst: { ...sst, ...sst } })
  await simulated(config, run)
`

interface Asked {
  method: string
  params: Build[]
}
/** What SST is asked to bundle. */
export interface Build {
  functionID: string
  handler: string
  properties: Record<string, unknown>
}

export interface Simulated {
  resources: Resource[]
  builds: Build[]
  outputs: Record<string, unknown>
  /** Why the program stopped, as people would read it. */
  error?: string
  /** What app() said. */
  app?: { removal: string; protect: boolean }
}

/** Runs the program of a stage under Pulumi's mocks, in a process of its own, and gives every resource that it declares. */
export const simulate = async (stage: string, env: Record<string, string> = {}): Promise<Simulated> => {
  const file = await program()
  const builds: Build[] = []
  const rpc = createServer(async (request, response) => {
    const { method, params } = JSON.parse(Buffer.concat(await request.toArray()).toString()) as Asked
    if (method === 'Runtime.Build') builds.push(params[0]!)
    response.end(JSON.stringify({ result: answers[method] ?? {} }))
  })
  await new Promise<void>((resolve) => rpc.listen(0, '127.0.0.1', resolve))
  const child = fork(file, [], {
    cwd: repository,
    // SST's components read them while they are loaded; app() fills them in.
    execArgv: [
      '--import',
      `data:text/javascript,globalThis.$app={providers:{}};globalThis.$cli={};globalThis.$dev=${env['DEV'] === '1'}`,
    ],
    silent: true,
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      STAGE: stage,
      ROOT: repository,
      SST_SERVER: `http://127.0.0.1:${(rpc.address() as AddressInfo).port}`,
      SST_AWS_REGION: 'ap-northeast-2',
      ...env,
    },
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream!.on('data', (chunk: Buffer) => (said += chunk.toString()))
  try {
    return await new Promise<Simulated>((resolve, reject) => {
      child.once('message', (message) => resolve({ ...(message as Simulated), builds }))
      child.once('exit', (code) => reject(new Error(`the program ended with ${code}:\n${said.slice(-3000)}`)))
    })
  } finally {
    child.kill('SIGKILL')
    rpc.close()
  }
}

/** What SST's command answers its program. */
const answers: Record<string, unknown> = {
  'Provider.Aws.Bootstrap': {
    asset: 'sst-asset',
    assetEcrRegistryId: '000000000000',
    assetEcrUrl: '000000000000.dkr.ecr.ap-northeast-2.amazonaws.com/sst-asset',
    state: 'sst-state',
    appsyncHttp: 'appsync.example',
    appsyncRealtime: 'appsync.example',
  },
  // A folder with something in it: what is really built is proved elsewhere.
  'Runtime.Build': {
    handler: 'bundle.handler',
    out: join(repository, 'stacks', 'functions'),
    errors: [],
    sourcemaps: [],
  },
}
