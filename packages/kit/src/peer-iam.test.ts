import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { internal } from '@wealist/contract/user'
import { isSigned, keys, region } from '@wealist/dev/lambda-signature'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Config, readConfig } from './config.ts'
import { openSigned } from './peer-iam.ts'
import { openPeers } from './peer.ts'

const aws = { AWS_REGION: region, AWS_ACCESS_KEY_ID: keys.accessKeyId, AWS_SECRET_ACCESS_KEY: keys.secretAccessKey }
let url: string
const server = createServer(async (request, response) => {
  const body = Buffer.concat(await request.toArray())
  const signed = await isSigned(request, body)
  const key = request.headers['x-internal-api-key']
  response.writeHead(signed && key === 'key-of-user' ? 200 : 403, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body.length > 0 ? { items: [] } : { role: null, version: 0 }))
})
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => void server.close())

const peers = (env: Record<string, string>, transport = openSigned(env)) =>
  openPeers('board', readConfig(Config, { USER_URL: url, USER_KEY: 'key-of-user' }), transport)({ id: 'r-1' })
const id = '0192f0c1-7a5e-7c3b-9d2e-3f4a5b6c7d8e'

test('calls to a Function URL are signed, body and query included, and the internal key goes along', async () => {
  const call = peers(aws)
  expect(await call('user', internal.membership, { params: { id, userId: id } })).toEqual({ role: null, version: 0 })
  expect(await call('user', internal.lookup, { body: { ids: [id] } })).toEqual({ items: [] })
})

test('another secret, another body or no signature at all is refused there', async () => {
  const wrong = peers({ ...aws, AWS_SECRET_ACCESS_KEY: 'another' })
  await expect(wrong('user', internal.membership, { params: { id, userId: id } })).rejects.toMatchObject({
    code: 'UNAVAILABLE',
  })
  const changing = peers(aws, async (to, init) => openSigned(aws)(to, init).then(() => fetch(to, init)))
  await expect(changing('user', internal.lookup, { body: { ids: [id] } })).rejects.toMatchObject({
    code: 'UNAVAILABLE',
  })
  expect(() => openSigned({})).toThrow('Lambda')
})
