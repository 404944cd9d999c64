import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Tokens } from '@wealist/contract/auth/sessions'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { handler } from '../../../stacks/functions/callback.ts'
import { startOidc } from './oidc.ts'
import { authWorld } from './testing/auth-world.ts'

const client = { clientId: 'wealist-test', clientSecret: 'secret' }
const origin = 'https://pr-7.wealist.example'
const redirectUri = `${origin}/callback`
let oidc: Awaited<ReturnType<typeof startOidc>>
let world: Awaited<ReturnType<typeof authWorld>>
let fixed: Server
let fixedUrl: string

const call = (url: URL) => {
  const query = Object.fromEntries(url.searchParams)
  return handler({ rawQueryString: url.search.slice(1), queryStringParameters: query } as never)
}

beforeAll(async () => {
  process.env['DOMAIN'] = 'wealist.example'
  fixed = createServer((request, response) => {
    void call(new URL(request.url!, 'http://fixed')).then(({ statusCode, headers, body }) =>
      response.writeHead(statusCode!, headers as Record<string, string>).end(body),
    )
  })
  await new Promise<void>((resolve) => fixed.listen(0, '127.0.0.1', resolve))
  fixedUrl = `http://localhost:${(fixed.address() as AddressInfo).port}/api/oauth2/callback/google`
  oidc = await startOidc({
    ...client,
    // Google knows the one address, and not the preview's.
    redirectUris: [fixedUrl],
    accounts: [{ email: 'alice@example.com', name: 'Alice' }],
  })
  world = await authWorld({
    PUBLIC_URL: origin,
    OIDC_ISSUER: oidc.issuer,
    GOOGLE_CLIENT_ID: client.clientId,
    GOOGLE_CLIENT_SECRET: client.clientSecret,
    GOOGLE_CALLBACK_URL: fixedUrl,
    GOOGLE_STATE_PREFIX: 'pr-7.',
    REDIRECT_URIS: redirectUri,
  })
})
afterAll(async () => {
  await world.stop()
  await oidc.stop()
  fixed.close()
})

// A browser, for which the preview's address is where auth listens here.
const browse = async (start: string, { keepCookies = true } = {}) => {
  const jar = new Map<string, string>()
  const hosts: string[] = []
  let url = start
  for (let hop = 0; hop < 14; hop++) {
    const { host } = new URL(url)
    hosts.push(host)
    const real = url.startsWith(origin) ? url.replace(origin, world.url) : url
    const cookie = [...jar].filter(([key]) => key.startsWith(`${host} `)).map(([, value]) => value)
    const typing = url.includes('/sign-in/')
    const response = await fetch(real, {
      redirect: 'manual',
      headers: { cookie: keepCookies ? cookie.join('; ') : '' },
      ...(typing && { method: 'POST', body: new URLSearchParams({ email: 'alice@example.com' }) }),
    })
    for (const set of response.headers.getSetCookie()) jar.set(`${host} ${set.split('=')[0]}`, set.split(';')[0]!)
    const location = response.headers.get('location')
    if (location === null) throw new Error(`${response.status} at ${url}: ${await response.text()}`)
    url = new URL(location, url).href
    if (url.startsWith(redirectUri)) return { query: new URL(url).searchParams, hosts }
  }
  throw new Error('too many redirects')
}

test('a sign-in that began in a preview comes back to it by the one address that Google knows', async () => {
  const place = `${origin}/oauth2/authorization/google?redirectUri=${encodeURIComponent(redirectUri)}`
  const { query, hosts } = await browse(place)
  expect(hosts).toContain(new URL(fixedUrl).host)
  const { status, body } = await world.ask<Tokens>('POST', '/api/auth/exchange', { body: { code: query.get('code') } })
  expect(status).toBe(200)
  expect((await world.me(body.accessToken)).body).toMatchObject({ email: 'alice@example.com' })
})

test('the callback hands over to previews alone: any other name, or none, is refused and goes nowhere', async () => {
  const at = (state?: string) => {
    const url = new URL('https://google.wealist.example/api/oauth2/callback/google?code=a%2Fb&iss=x')
    if (state !== undefined) url.searchParams.set('state', state)
    return call(url)
  }
  const sent = await at('pr-7.abc')
  expect(sent).toMatchObject({ statusCode: 302 })
  expect(sent.headers!['location']).toBe(`${origin}/api/oauth2/callback/google?code=a%2Fb&iss=x&state=pr-7.abc`)
  for (const state of [
    undefined,
    '',
    'abc',
    'prod.abc',
    'dev.abc',
    '/evil.example/.x',
    'a@b.x',
    '-.x',
    'pr-0.x',
    'PR-7.x',
  ]) {
    const { statusCode, headers } = await at(state)
    expect([state, statusCode, headers!['location']]).toEqual([state, 400, undefined])
  }
  // A name of somebody's own leads to our own domain and nowhere else.
  const { host } = new URL(String((await at('evil.example/.x')).headers!['location']))
  expect(host).toBe('evil.wealist.example')
})
