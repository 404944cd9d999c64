import { startOidc } from '@wealist/dev/oidc'
import { freePort } from '@wealist/dev/ports'
import { authWorld } from '@wealist/dev/testing/auth-world'
import type { Tokens } from '@wealist/contract/auth/sessions'
import { afterAll, beforeAll, expect, test } from 'vitest'

const client = { clientId: 'wealist-test', clientSecret: 'a secret: with signs' }
const redirectUri = 'http://localhost:3001/signed-in'
let oidc: Awaited<ReturnType<typeof startOidc>>
let world: Awaited<ReturnType<typeof authWorld>>
beforeAll(async () => {
  const PORT = String(await freePort())
  const PUBLIC_URL = `http://localhost:${PORT}`
  oidc = await startOidc({
    ...client,
    redirectUris: [`${PUBLIC_URL}/api/oauth2/callback/google`],
    accounts: [{ email: 'alice@example.com', name: 'Alice' }],
  })
  world = await authWorld({
    PORT,
    PUBLIC_URL,
    OIDC_ISSUER: oidc.issuer,
    GOOGLE_CLIENT_ID: client.clientId,
    GOOGLE_CLIENT_SECRET: client.clientSecret,
    REDIRECT_URIS: redirectUri,
  })
})
afterAll(async () => {
  await world.stop()
  await oidc.stop()
})

// A browser: keeps cookies by host, follows redirects until it is at the application, and types an address on the way.
const browse = async (start: string, email: string) => {
  const jar = new Map<string, string>()
  let url = start
  for (let hop = 0; hop < 12; hop++) {
    const host = new URL(url).host
    const cookie = [...jar].filter(([key]) => key.startsWith(`${host} `)).map(([, value]) => value)
    const typing = url.includes('/sign-in/')
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: cookie.join('; ') },
      ...(typing && { method: 'POST', body: new URLSearchParams({ email }) }),
    })
    for (const set of response.headers.getSetCookie()) jar.set(`${host} ${set.split('=')[0]}`, set.split(';')[0]!)
    const location = response.headers.get('location')
    if (location === null) throw new Error(`${response.status} at ${url}: ${await response.text()}`)
    url = new URL(location, url).href
    if (url.startsWith(redirectUri)) return new URL(url).searchParams
  }
  throw new Error('too many redirects')
}

test('a browser signs in through a certified OpenID provider', async () => {
  const place = `${world.env['PUBLIC_URL']}/oauth2/authorization/google?redirectUri=${encodeURIComponent(redirectUri)}`
  const query = await browse(place, 'alice@example.com')
  expect([...query.keys()]).toEqual(['code'])
  const { status, body } = await world.ask<Tokens>('POST', '/api/auth/exchange', { body: { code: query.get('code') } })
  expect(status).toBe(200)
  expect((await world.me(body.accessToken)).body).toMatchObject({ email: 'alice@example.com', name: 'Alice' })
})
