import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startSecretsManager } from './secrets-manager.ts'

const pulls: Record<string, { status: number; state?: string }> = {
  '3': { status: 200, state: 'closed' },
  '7': { status: 200, state: 'open' },
  '8': { status: 200, state: 'closed' },
}
const github = createServer((request, response) => {
  const { status, state } = pulls[request.url!.replace('/repos/wealist/wealist/pulls/', '')] ?? { status: 404 }
  const known = request.headers.authorization === 'Bearer token'
  response.writeHead(known ? status : 401, { 'content-type': 'application/json' }).end(JSON.stringify({ state }))
})
let manager: Awaited<ReturnType<typeof startSecretsManager>>
beforeAll(async () => {
  await new Promise<void>((resolve) => github.listen(0, '127.0.0.1', resolve))
  const names = ['pr-3', 'pr-7', 'pr-8', 'dev', 'minho'].flatMap((s) => [`wealist/${s}/auth`, `wealist/${s}/user`])
  manager = await startSecretsManager({ secrets: Object.fromEntries(names.map((name) => [name, '{}'])) })
})
afterAll(async () => {
  github.close()
  await manager.stop()
})
const run = () =>
  promisify(execFile)(process.execPath, [join(import.meta.dirname, 'closed-previews.ts')], {
    env: {
      PATH: process.env['PATH'],
      AWS_REGION: 'ap-northeast-2',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_ENDPOINT_URL_SECRETS_MANAGER: manager.endpoint,
      GITHUB_API_URL: `http://127.0.0.1:${(github.address() as AddressInfo).port}`,
      GITHUB_REPOSITORY: 'wealist/wealist',
      GITHUB_TOKEN: 'token',
    },
  })

test('the nightly sweep names the previews whose pull request is closed, and no other stage', async () => {
  expect((await run()).stdout).toBe('pr-3\npr-8\n')
})

test('where GitHub does not say what became of a pull request, the sweep stops and what it does not know stays', async () => {
  pulls['3'] = { status: 503 }
  const failed = (await run().catch((error: unknown) => error)) as { code: number; stdout: string }
  expect([failed.code, failed.stdout]).toEqual([1, ''])
})
