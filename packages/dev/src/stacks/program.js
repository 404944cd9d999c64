// Runs inside SST's platform, bundled with it: everything of Pulumi comes from there.
import * as pulumi from '@pulumi/pulumi'
import { createRequire } from 'node:module'
import { computed, dataSource } from './mocks.js'

const { STAGE: stage, ROOT: root } = process.env
const require = createRequire(import.meta.url)
const resources = []
let seen = Date.now()

// Mocks are told neither of protection nor of parents: the monitor is.
const { MockMonitor } = require('@pulumi/pulumi/runtime/mocks')
const { registerResource } = MockMonitor.prototype
MockMonitor.prototype.registerResource = async function (request, callback) {
  seen = Date.now()
  const urn = this.newUrn(request.getParent(), request.getType(), request.getName())
  const inputs = request.getObject()?.toJavaScript() ?? {}
  resources.push({
    type: request.getType(),
    name: request.getName(),
    urn,
    parent: request.getParent(),
    inputs: bare(inputs),
    secret: Object.keys(inputs).filter((name) => isSecret(inputs[name])),
    protect: request.getProtect(),
    retainOnDelete: request.getRetainondelete(),
    dependsOn: request.getDependenciesList(),
    ignoreChanges: request.getIgnorechangesList(),
  })
  return registerResource.call(this, request, callback)
}

// How Pulumi marks what is secret, wherever it stands.
const isSecret = (value) => value?.['4dabf18193072939515e22adb298388d'] === '1b47061264138c4ac30d75fd1eb44270'
const bare = (value) => {
  if (isSecret(value)) return bare(value.value)
  if (Array.isArray(value)) return value.map(bare)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, bare(inner)]))
}

/** What `sst deploy` does before and around the program. */
export const simulated = async (config, run) => {
  const tell = (message) => process.send(message, () => process.exit(0))
  const failed = (error) => tell({ resources, outputs: {}, error: String(error?.message ?? error) })
  process.on('unhandledRejection', failed)
  process.on('uncaughtException', failed)
  try {
    globalThis.$dev = process.env.DEV === '1'
    Object.assign(globalThis.$cli, {
      command: 'deploy',
      rpc: '',
      env: {},
      state: { version: {} },
      home: root,
      paths: { root, work: `${root}/.sst`, platform: `${root}/.sst/platform`, home: root },
    })
    const app = await config.app({ stage })
    Object.assign(globalThis.$app, app, { stage })
    pulumi.runtime.setMocks(
      {
        newResource: ({ type, name, inputs, id }) => {
          seen = Date.now()
          return { id: id || `${name}-id`, state: { ...inputs, ...computed(type, name, inputs) } }
        },
        call: ({ token, inputs }) => ((seen = Date.now()), dataSource(token, inputs)),
      },
      'wealist',
      stage,
      false,
    )
    const outputs = {}
    await pulumi.runtime.runInPulumiStack(async () => {
      for (const [name, value] of Object.entries(await run(config.run)))
        pulumi.output(value).apply((v) => void (outputs[name] = v))
    })
    // What is made inside apply() comes when its inputs are known: it is over when nothing has come for a while.
    while (Date.now() - seen < 1500) await new Promise((resolve) => setTimeout(resolve, 100))
    tell({ resources, outputs, app: { removal: $app.removal, protect: $app.protect } })
  } catch (error) {
    failed(error)
  }
}
