import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { authWorld } from '@wealist/dev/testing/auth-world'
import { testLog } from '@wealist/dev/testing/log'
import { decodeProtectedHeader } from 'jose'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { openKeyRing } from './key-ring.ts'
import { type KeySet, keyOf, newKeySet, publicKeys } from './key-set.ts'
import { openKeyStore } from './key-store.ts'
import { next, publish, retire, sign } from './rotation.ts'

const log = testLog()
let dir: string
beforeAll(async () => void (dir = await mkdtemp(join(tmpdir(), 'wealist-keys-'))))
afterAll(() => rm(dir, { recursive: true, force: true }))

const fileStore = (name: string, ENVIRONMENT: 'test' | 'prod' = 'test') =>
  openKeyStore({ ENVIRONMENT, KEYS_SECRET_ID: undefined, KEYS_FILE: join(dir, name) })
const minutes = (n: number) => new Date(Date.now() + n * 60_000)
const stages = (set: KeySet) => Object.fromEntries(set.keys.map((k) => [k.stage, k.kid]))

test('of 10 processes that start together one makes the key, for its owner alone, and all sign with it', async () => {
  const rings = await Promise.all(
    Array.from({ length: 10 }, () => openKeyRing({ store: fileStore('together.json'), log, clock: Date })),
  )
  const kids = await Promise.all(rings.map(async (ring) => (await ring.signing()).kid))
  expect(new Set(kids).size).toBe(1)
  const { mode } = await stat(join(dir, 'together.json'))
  expect(mode & 0o777).toBe(0o600)
})

test('outside local and test no key is made: the process does not start, and says what to do', async () => {
  const opening = openKeyRing({ store: fileStore('none.json', 'prod'), log, clock: Date })
  await expect(opening).rejects.toThrow(/rotate-keys/)
  await expect(stat(join(dir, 'none.json'))).rejects.toThrow(/ENOENT/)
})

test('what is published holds nothing private', async () => {
  const set = await newKeySet(new Date())
  for (const key of publicKeys(set)) expect(Object.keys(key).toSorted()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use'])
})

test('the three stages: a key is published 30 minutes before it signs and stays 20 after; steps repeat without harm', async () => {
  const first = await newKeySet(new Date())
  const published = await publish(first, new Date())
  expect(stages(published.set)).toEqual({ current: stages(first)['current'], next: expect.any(String) })
  expect((await publish(published.set, new Date())).changed).toBe(false)
  expect((await sign(published.set, minutes(29))).changed).toBe(false)
  const signing = await sign(published.set, minutes(31))
  expect(stages(signing.set)).toEqual({ current: stages(published.set)['next'], last: stages(first)['current'] })
  expect((await sign(signing.set, minutes(90))).changed).toBe(false)
  expect((await retire(signing.set, minutes(31 + 19))).changed).toBe(false)
  const retired = await retire(signing.set, minutes(31 + 21))
  expect(stages(retired.set)).toEqual({ current: stages(signing.set)['current'] })
  expect((await retire(retired.set, minutes(90))).changed).toBe(false)
})

test('a key does not begin to sign while the one before the last is still published', async () => {
  let set = await newKeySet(new Date())
  for (const step of [publish, sign, publish]) ({ set } = await step(set, new Date(), true))
  expect(Object.keys(stages(set)).toSorted()).toEqual(['current', 'last', 'next'])
  expect((await sign(set, new Date(), true)).changed).toBe(false)
})

test('`next` on a schedule rotates for good', async () => {
  let set = await newKeySet(new Date())
  const signed = new Set<string>()
  for (let day = 0; day < 9; day++) {
    ;({ set } = await next(set, minutes(day * 24 * 60)))
    signed.add(keyOf(set, 'current')!.kid)
  }
  expect(signed.size).toBe(4)
})

test('a set with two current keys, two of one id or none current is refused', async () => {
  const { keys } = await newKeySet(new Date())
  const store = fileStore('broken.json')
  for (const broken of [[], [...keys, ...keys], [{ ...keys[0]!, stage: 'next' as const }]]) {
    await store.write({ keys: broken })
    await expect(store.read()).rejects.toThrow(/broken\.json/)
  }
})

test('a store that is away leaves the keys as they are; within a minute of its return they are read again', async () => {
  let set = await newKeySet(new Date())
  let away = false
  let now = Date.now()
  const store = {
    place: 'here',
    read: () => (away ? Promise.reject(new Error('away')) : Promise.resolve(set)),
    write: () => Promise.resolve(),
  }
  const ring = await openKeyRing({ store, log, clock: { now: () => now } })
  const { kid } = await ring.signing()
  for (const step of [publish, sign]) ({ set } = await step(set, new Date(), true))
  away = true
  now += 61_000
  expect((await ring.signing()).kid).toBe(kid)
  away = false
  now += 61_000
  expect((await ring.signing()).kid).toBe(keyOf(set, 'current')!.kid)
  expect((await ring.published()).keys).toHaveLength(2)
})

const stopping: (() => Promise<unknown> | void)[] = []
afterEach(async () => {
  for (const stop of stopping.splice(0)) await stop()
})
const command = fileURLToPath(new URL('./rotate.ts', import.meta.url))
const rotate = async (env: Record<string, string | undefined>, ...args: string[]) => {
  const { stdout } = await promisify(execFile)(process.execPath, [command, ...args], {
    env: { ...process.env, ...env },
  })
  return stdout
}

test('rotation while people are signed in: old tokens stay good, new ones carry the new key, the retired key is gone', async () => {
  const world = await authWorld()
  stopping.push(world.stop)
  const other = await world.startAnother()
  const env = { KEYS_FILE: world.env['KEYS_FILE'] }
  const person = world.people.add()
  const kidOf = (token: string) => decodeProtectedHeader(token).kid
  const kids = async (at = world.url) => {
    const answer = await world.ask('GET', '/.well-known/jwks.json', { at })
    expect(answer.headers.get('cache-control')).toBe('public, max-age=60')
    return (answer.body['keys'] as { kid: string }[]).map((k) => k.kid)
  }
  // Everybody reads the keys once a minute and verifiers every ten; the clock of the test takes them there.
  const later = () => void (world.clock.skew += 61_000)

  const old = await world.signIn(person)
  expect(await kids()).toEqual([kidOf(old.accessToken)])
  expect(await rotate(env, 'publish')).toContain('next')
  later()
  for (const at of [world.url, other]) expect(await kids(at)).toHaveLength(2)
  expect(kidOf((await world.signIn(person)).accessToken)).toBe(kidOf(old.accessToken))

  expect(await rotate(env, 'sign')).toContain('may sign from')
  await rotate(env, 'sign', '--now')
  later()
  const fresh = await world.signIn(person)
  expect(kidOf(fresh.accessToken)).not.toBe(kidOf(old.accessToken))
  for (const at of [world.url, other])
    for (const { accessToken } of [old, fresh]) expect((await world.me(accessToken, at)).status).toBe(200)

  await rotate(env, 'retire', '--now')
  later()
  for (const at of [world.url, other]) expect(await kids(at)).toEqual([kidOf(fresh.accessToken)])
  expect((await world.me(fresh.accessToken, other)).status).toBe(200)
  expect(await rotate(env, 'status')).toMatch(/^current {2}/)
})

// What the SDK needs of Secrets Manager.
const secretsManager = async () => {
  const secrets = new Map<string, string>()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString()) as { SecretId: string; SecretString?: string }
      const answer = (status: number, value: object) =>
        response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(value))
      if (body.SecretString !== undefined) secrets.set(body.SecretId, body.SecretString)
      const text = secrets.get(body.SecretId)
      if (text === undefined) return void answer(400, { __type: 'ResourceNotFoundException', message: 'none' })
      answer(200, { ARN: 'arn', Name: body.SecretId, SecretString: text })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const env = {
    AWS_ENDPOINT_URL_SECRETS_MANAGER: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    AWS_REGION: 'ap-northeast-2',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    KEYS_SECRET_ID: 'wealist/keys',
    ENVIRONMENT: 'prod',
  }
  return { env, secrets, stop: () => void server.close() }
}

test('keys from Secrets Manager: the command makes the first and rotates, a process reads them and writes no file', async () => {
  const manager = await secretsManager()
  stopping.push(manager.stop)
  expect(await rotate(manager.env, 'status')).toContain('No keys in the secret wealist/keys')
  expect(await rotate(manager.env)).toContain('Made the first key')
  await rotate(manager.env, 'publish')
  const before = { ...process.env }
  Object.assign(process.env, manager.env)
  stopping.push(() => void (process.env = before))
  const store = openKeyStore({
    ENVIRONMENT: 'prod',
    KEYS_SECRET_ID: 'wealist/keys',
    KEYS_FILE: join(dir, 'unused.json'),
  })
  const ring = await openKeyRing({ store, log, clock: Date })
  expect((await ring.published()).keys).toHaveLength(2)
  const stored = JSON.parse(manager.secrets.get('wealist/keys')!) as KeySet
  expect((await ring.signing()).kid).toBe(keyOf(stored, 'current')!.kid)
  await expect(readFile(join(dir, 'unused.json'))).rejects.toThrow(/ENOENT/)
})

test('discovery names the issuer and where the keys are', async () => {
  const world = await authWorld({ AUTH_ISSUER: 'https://app.example' })
  stopping.push(world.stop)
  const answer = await world.ask('GET', '/.well-known/openid-configuration')
  expect(answer.body).toMatchObject({
    issuer: 'https://app.example',
    jwks_uri: 'https://app.example/.well-known/jwks.json',
  })
})
