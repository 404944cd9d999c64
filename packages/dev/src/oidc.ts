import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type Adapter, Provider } from 'oidc-provider'
// @ts-expect-error the package has types for its root only
import MemoryAdapter from 'oidc-provider/lib/adapters/memory_adapter.js'
import { signInPage } from './oidc-page.ts'
import { freePort } from './ports.ts'

export interface OidcOptions {
  port?: number
  clientId: string
  clientSecret: string
  redirectUris: string[]
  /** Offered on the sign-in page; any other address may be typed. */
  accounts: readonly { email: string; name: string }[]
}

/** Google's subjects are long numbers: the same person has the same one at every start. */
const subjectOf = (email: string) =>
  BigInt(`0x${createHash('sha256').update(email).digest('hex').slice(0, 16)}`).toString()

/**
 * Stands in Google's place for development: a certified OpenID provider with Google's manners (code and PKCE, nonce,
 * RS256 ID tokens that hold the address) and a sign-in page that believes anybody. `login_hint` on the authorization
 * request signs that person in without the page.
 */
export const startOidc = async ({ port: wanted, clientId, clientSecret, redirectUris, accounts }: OidcOptions) => {
  const port = wanted ?? (await freePort())
  const issuer = `http://localhost:${port}`
  const people = new Map(accounts.map(({ email, name }) => [subjectOf(email), { email, name }]))
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const provider = new Provider(issuer, {
    adapter: (name: string) => new MemoryAdapter(name) as Adapter,
    renderError: (ctx, { error, error_description: why }) => {
      ctx.type = 'text'
      ctx.body = `${error}: ${why ?? ''}`
    },
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: redirectUris,
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
    ],
    jwks: {
      keys: [
        {
          ...privateKey.export({ format: 'jwk' }),
          use: 'sig',
          alg: 'RS256',
          kid: randomBytes(8).toString('hex'),
        } as never,
      ],
    },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'picture'] },
    // Google puts the address into the ID token.
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false } },
    ttl: { AccessToken: 3600, AuthorizationCode: 60, IdToken: 3600, Interaction: 600, Session: 3600, Grant: 3600 },
    interactions: { url: (_, interaction) => `/sign-in/${interaction.uid}` },
    findAccount: (_, sub) => {
      const person = people.get(sub)
      return person && { accountId: sub, claims: () => ({ sub, ...person, email_verified: true }) }
    },
    // Whoever signs in agrees.
    loadExistingGrant: async (ctx) => {
      const { client, session } = ctx.oidc
      if (!client || !session?.accountId) return undefined
      const grant = new ctx.oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId })
      grant.addOIDCScope('openid email profile')
      await grant.save()
      return grant
    },
  })
  const finish = (request: IncomingMessage, response: ServerResponse, email: string, name: string) => {
    const address = email.trim().toLowerCase()
    const sub = subjectOf(address)
    if (!people.has(sub)) people.set(sub, { email: address, name: name.trim() || address.split('@')[0]! })
    return provider.interactionFinished(
      request,
      response,
      { login: { accountId: sub, remember: false } },
      { mergeWithLastSubmission: false },
    )
  }
  const signIn = async (request: IncomingMessage, response: ServerResponse) => {
    const { params } = await provider.interactionDetails(request, response)
    if (typeof params['login_hint'] === 'string') return finish(request, response, params['login_hint'], '')
    if (request.method !== 'POST')
      return void response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(signInPage(accounts))
    const form = new URLSearchParams(await bodyOf(request))
    const email = form.get('email') ?? ''
    if (!/^[^\s@]+@[^\s@]+$/.test(email))
      return void response
        .writeHead(400, { 'content-type': 'text/html; charset=utf-8' })
        .end(signInPage(accounts, true))
    return finish(request, response, email, form.get('name') ?? '')
  }
  const answer = provider.callback()
  const server = createServer((request, response) => {
    if (!request.url?.startsWith('/sign-in/')) return void answer(request, response)
    signIn(request, response).catch(
      () =>
        response.headersSent ||
        response
          .writeHead(400, { 'content-type': 'text/plain' })
          .end('This sign-in has ended. Go back and begin again.'),
    )
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, resolve))
  return {
    issuer,
    port,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const bodyOf = async (request: IncomingMessage) => {
  let text = ''
  for await (const chunk of request) {
    text += String(chunk)
    if (text.length > 10_000) throw new Error('too long')
  }
  return text
}
