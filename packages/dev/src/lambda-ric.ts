import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { repository } from './repository.ts'

const version = '4.0.2'
const root = join(repository, 'node_modules', '.cache', `wealist-ric-${version}`)
const installed = join(root, 'node_modules', 'aws-lambda-ric')

/**
 * What the client's native part does, by Node's own HTTP: that part is built from C++ by a script of the package, which
 * no other machine should have to run.
 */
const shim = `
import { request } from 'node:http'
import Module from 'node:module'
const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':')
const ask = (method, path, body, headers = {}) => new Promise((resolve, reject) => {
  const sent = request({ host, port, method, path: '/2018-06-01/runtime/' + path, headers }, (answer) => {
    const chunks = []
    answer.on('data', (chunk) => chunks.push(chunk))
    answer.on('end', () => resolve({ bodyJson: Buffer.concat(chunks).toString(), headers: answer.headers }))
  })
  sent.on('error', reject)
  sent.end(body)
})
let told = Promise.resolve()
const client = {
  initializeClient: () => undefined,
  next: () => told.then(() => ask('GET', 'invocation/next')),
  done: (id, body) => void (told = ask('POST', 'invocation/' + id + '/response', body)),
  error: (id, body) => void (told = ask('POST', 'invocation/' + id + '/error', body)),
}
const native = Module._extensions['.node']
Module._extensions['.node'] = (module, file) => {
  if (file.endsWith('rapid-client.node')) module.exports = client
  else native(module, file)
}
`

let ready: Promise<{ main: string; shim: string }> | undefined

/** The Runtime Interface Client that AWS' own images run, from npm, as it is; once a machine. */
export const runtimeClient = () => (ready ??= install())

const install = async () => {
  const files = { main: join(installed, 'index.mjs'), shim: join(root, 'shim.mjs') }
  if (!existsSync(files.main)) {
    mkdirSync(root, { recursive: true })
    writeFileSync(join(root, 'package.json'), '{"private":true}')
    const npm = process.env['npm_execpath']
    const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', `aws-lambda-ric@${version}`]
    // Of a workspace's folder npm would think that the workspace is meant.
    const options = { cwd: root, env: { ...process.env, npm_config_prefix: '', npm_config_workspaces: 'false' } }
    await (npm
      ? promisify(execFile)(process.execPath, [npm, ...args], options)
      : promisify(execFile)('npm', args, options))
  }
  writeFileSync(join(installed, 'rapid-client.node'), '')
  writeFileSync(files.shim, shim)
  return files
}
