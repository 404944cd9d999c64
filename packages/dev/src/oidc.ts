import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type Adapter, interactionPolicy, Provider } from 'oidc-provider'
// @ts-expect-error the package has types for its root only
import MemoryAdapter from 'oidc-provider/lib/adapters/memory_adapter.js'
import { pictureOf, signInPage } from './oidc-page.ts'
import { freePort } from './ports.ts'

export interface OidcOptions {
  port?: number
  clientId?: string
  clientSecret?: string
  redirectUris: string[]
  /** Offered on the sign-in page; any other address may be typed. */
  accounts: readonly { email: string; name: string }[]
}

/** Google's subjects are long numbers: the same person has the same one at every start. */
const subjectOf = (email: string) =>
  BigInt(`0x${createHash('sha256').update(email).digest('hex').slice(0, 16)}`).toString()

const addressOf = (text: string | null) => {
  const address = (text ?? '').trim().toLowerCase()
  return address.length <= 254 && /^[^\s@]+@[^\s@]+$/.test(address) ? address : undefined
}

const prompts = () => {
  const policy = interactionPolicy.base()
  policy.add(new interactionPolicy.Prompt({ name: 'select_account', requestable: true }), 0)
  return policy
}

// Each request is answered by whoever signs in for it, not by who was there before: the provider would ask, with a
// script, to sign the other person out first.
const forgetSession = ({ headers }: IncomingMessage) => {
  const cookies = headers.cookie?.split(/; */).filter((cookie) => !cookie.startsWith('_session'))
  if (cookies) headers.cookie = cookies.join('; ')
}

/**
 * Stands in Google's place for development: a certified OpenID provider with Google's manners (code and PKCE, nonce,
 * RS256 ID tokens that hold the address), this machine only, and a sign-in page that believes anybody. A `login_hint` that
 * is an address signs that person in without the page.
 */
export const startOidc = async ({
  port: wanted,
  clientId = 'wealist-local',
  clientSecret = 'wealist-local-secret',
  redirectUris,
  accounts,
}: OidcOptions) => {
  const port = wanted ?? (await freePort())
  const issuer = `http://localhost:${port}`
  const people = new Map<string, { email: string; name: string }>()
  for (const { email, name } of accounts)
    people.set(subjectOf(email.toLowerCase()), { email: email.toLowerCase(), name })
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
    interactions: { url: (_, interaction) => `/sign-in/${interaction.uid}`, policy: prompts() },
    findAccount: (_, sub) => {
      const person = people.get(sub)
      return (
        person && {
          accountId: sub,
          claims: () => ({ sub, ...person, email_verified: true, picture: `${issuer}/pictures/${sub}.svg` }),
        }
      )
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
  const finish = (request: IncomingMessage, response: ServerResponse, email: string, typed: string) => {
    const sub = subjectOf(email)
    const name = typed.trim().slice(0, 100) || people.get(sub)?.name || email.split('@')[0]!
    people.set(sub, { email, name })
    return provider.interactionFinished(
      request,
      response,
      { login: { accountId: sub, remember: false }, select_account: {} },
      { mergeWithLastSubmission: false },
    )
  }
  const signIn = async (request: IncomingMessage, response: ServerResponse) => {
    const { params } = await provider.interactionDetails(request, response)
    const hint = addressOf(typeof params['login_hint'] === 'string' ? params['login_hint'] : null)
    if (hint) return finish(request, response, hint, '')
    const form = request.method === 'POST' ? new URLSearchParams(await bodyOf(request)) : undefined
    const email = addressOf(form?.get('email') ?? null)
    if (email) return finish(request, response, email, form?.get('name') ?? '')
    response.writeHead(form ? 400 : 200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' })
    response.end(signInPage(accounts, { wrong: form !== undefined }))
  }
  const picture = (request: IncomingMessage, response: ServerResponse) => {
    const person = people.get(/^\/pictures\/(\d+)\.svg$/.exec(request.url ?? '')?.[1] ?? '')
    if (!person) return void response.writeHead(404).end()
    response.writeHead(200, { 'content-type': 'image/svg+xml' }).end(pictureOf(person))
  }
  const answer = provider.callback()
  const server = createServer((request, response) => {
    forgetSession(request)
    if (request.url?.startsWith('/pictures/')) return picture(request, response)
    if (!request.url?.startsWith('/sign-in/')) return void answer(request, response)
    signIn(request, response).catch(
      () =>
        response.headersSent ||
        response
          .writeHead(400, { 'content-type': 'text/plain' })
          .end('This sign-in has ended. Go back and begin again.'),
    )
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
  return {
    issuer,
    port,
    credentials: { clientId, clientSecret },
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
