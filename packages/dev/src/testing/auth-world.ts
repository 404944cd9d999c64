import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { auth } from '@wealist/auth/service'
import type { Tokens } from '@wealist/contract/auth/sessions'
import type { Standing } from '@wealist/contract/user/internal'
import type { Env } from '@wealist/kit/config'
import { newId } from '@wealist/kit/ids'
import { run } from '@wealist/kit/node'
import { testLog } from './log.ts'
import { testRedis } from './redis.ts'
import { secrets } from './secrets.ts'

export const password = 'correct horse battery'

/** user-service's internal routes that auth asks, with people that a test can change at will. */
export const startPeople = async (key: string) => {
  const people = new Map<string, Standing>()
  const identities = new Map<string, string>()
  const state = { away: false, asked: 0 }
  const taken = Symbol('another subject has the address')
  const byEmail = (email: string) => [...people.values()].find((p) => p.email === email)
  const add = (more: Partial<Standing> = {}) => {
    const id = newId()
    const person: Standing = { id, email: `${id}@example.com`, name: 'Alice', role: 'user', status: 'active', ...more }
    people.set(id, person)
    return person
  }
  const answer = (path: string, body: Record<string, string>): unknown => {
    if (path === '/internal/credentials/verify') {
      const found = byEmail(body['email']!)
      return { user: found && body['password'] === password ? found : null }
    }
    if (path === '/internal/identities') {
      const known = identities.get(body['subject']!)
      const holder = byEmail(body['email']!)
      if (!known && [...identities.values()].includes(holder?.id ?? '')) return taken
      const user = known ? people.get(known)! : (holder ?? add({ email: body['email']!, name: body['name']! }))
      identities.set(body['subject']!, user.id)
      return { user, created: !known }
    }
    return people.get(path.replace('/internal/users/', ''))
  }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      state.asked++
      const refuse = (status: number, code: string) =>
        response
          .writeHead(status, { 'content-type': 'application/json' })
          .end(JSON.stringify({ error: { code, message: code, requestId: 'test' } }))
      if (state.away) return void refuse(503, 'UNAVAILABLE')
      if (request.headers['x-internal-api-key'] !== key) return void refuse(401, 'UNAUTHORIZED')
      const body = chunks.length > 0 ? (JSON.parse(Buffer.concat(chunks).toString()) as Record<string, string>) : {}
      const found = answer(request.url!, body)
      if (found === undefined) return void refuse(404, 'NOT_FOUND')
      if (found === taken) return void refuse(409, 'ALREADY_EXISTS')
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(found))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const stop = () => {
    server.closeAllConnections()
    server.close()
  }
  return { url, people, state, add, stop }
}

/** auth as production starts it, alone: its own part of Redis, its own keys, and a stand-in for user-service. */
export const authWorld = async (env: Env = {}) => {
  const key = 'test-key-of-user'
  const people = await startPeople(key)
  const folder = await mkdtemp(join(tmpdir(), 'wealist-auth-'))
  const redis = testRedis()
  const clock = { skew: 0, now: () => Date.now() + clock.skew }
  const environment: Env = {
    ENVIRONMENT: 'test',
    HOST: '127.0.0.1',
    PORT: '0',
    REDIS_URL: redis.url,
    REDIS_PREFIX: redis.prefix,
    USER_URL: people.url,
    USER_KEY: key,
    KEYS_FILE: join(folder, 'keys.json'),
    RATE_LIMIT: '0',
    DRAIN_SECONDS: '0',
    ...env,
  }
  secrets.noteEnvironment(environment)
  const started: Awaited<ReturnType<typeof startOne>>[] = []
  const startOne = () => run(auth, environment, { log: testLog('auth'), clock })
  /** One more process of auth, on the same Redis and keys; gives its address. */
  const startAnother = async () => {
    const running = await startOne()
    started.push(running)
    return `http://127.0.0.1:${running.port}`
  }
  const url = await startAnother()

  const ask = async <T = Record<string, unknown>>(
    method: string,
    path: string,
    {
      body,
      token,
      headers,
      at = url,
    }: { body?: unknown; token?: string; headers?: Record<string, string>; at?: string } = {},
  ) => {
    const response = await fetch(at + path, {
      method,
      redirect: 'manual',
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    const json = text ? (JSON.parse(text) as T & { error?: { code: string; message: string } }) : undefined
    return { status: response.status, headers: response.headers, text, body: json!, code: json?.error?.code }
  }
  const signIn = async (person: { email: string }, more: { at?: string; headers?: Record<string, string> } = {}) => {
    const answer = await ask<Tokens>('POST', '/api/auth/login', { body: { email: person.email, password }, ...more })
    if (answer.status !== 200) throw new Error(`sign-in answered ${answer.status}: ${answer.text}`)
    return answer.body
  }
  const refresh = (refreshToken: string, at = url) =>
    ask<Tokens>('POST', '/api/auth/refresh', { body: { refreshToken }, at })
  const me = (token: string, at = url) => ask('GET', '/api/auth/me', { token, at })

  return {
    url,
    env: environment,
    people,
    clock,
    redis: started[0]!.base.redis,
    prefix: redis.prefix,
    running: started[0]!,
    startAnother,
    ask,
    signIn,
    refresh,
    me,
    stop: async () => {
      await Promise.all(started.map((s) => s.stop()))
      people.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
export type AuthWorld = Awaited<ReturnType<typeof authWorld>>
