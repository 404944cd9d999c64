import { createHash, randomBytes } from 'node:crypto'
import type { SignInError } from '@wealist/contract/auth/google'
import type { Tokens } from '@wealist/contract/auth/sessions'
import type { ErrorCode } from '@wealist/contract/problem'
import { identities, type Standing, standing } from '@wealist/contract/user/internal'
import type { Actor } from '@wealist/kit/actor'
import { codeOf, invalid, Problem, unauthorized } from '@wealist/kit/errors'
import { redirect, Reply } from '@wealist/kit/json'
import type { Ctx } from './deps.ts'
import { begunSeconds, codes, states } from './google.redis.ts'
import type { Identity } from './oidc.ts'
import * as sessions from './sessions.ts'
import { time } from './sessions.redis.ts'

type Anyone = Ctx<Actor>

/** Sends the browser to Google, and remembers in a cookie that it was this browser that asked. */
export const authorize = async (ctx: Anyone, query: { redirectUri: string; codeChallenge?: string | undefined }) => {
  const { provider, callback } = configured(ctx)
  if (!ctx.settings.REDIRECT_URIS.includes(query.redirectUri))
    throw invalid([{ path: 'redirectUri', message: 'is not on the list of places that sign-in may come back to' }])
  const state = (ctx.settings.GOOGLE_STATE_PREFIX ?? '') + secret()
  const nonce = secret()
  const verifier = secret()
  // A second tab keeps the first one's cookie, so that both can come back.
  const browser = browserOf(ctx) ?? secret()
  const place = await provider.authorizationUrl({ redirectUri: callback, state, nonce, verifier })
  await states.put(ctx.redis, state, { ...query, nonce, verifier, browser: hash(browser) })
  const secure = isSecure(ctx) ? '; Secure' : ''
  const cookie = `${cookieOf(ctx)}=${browser}; Path=/; Max-Age=${begunSeconds}; HttpOnly; SameSite=Lax${secure}`
  return new Reply(undefined, { location: place, 'set-cookie': cookie })
}

/**
 * Google's answer. The state works once and only in the browser that began, so nobody can be signed in as somebody else.
 * Everything that goes wrong after the state is known goes back to the redirect URI as `?error=`.
 */
export const callback = async (ctx: Anyone) => {
  const { provider, callback: redirectUri } = configured(ctx)
  const given = new URL(ctx.request.raw.url).searchParams
  const begun = await states.take(ctx.redis, given.get('state') ?? '')
  if (!begun) throw invalid([{ path: 'state', message: 'is unknown, used or out of date; start signing in again' }])
  const back = (answer: { code: string } | { error: SignInError }) => {
    const url = new URL(begun.redirectUri)
    for (const [name, value] of Object.entries(answer)) url.searchParams.set(name, value)
    return redirect(url.href)
  }

  const browser = browserOf(ctx)
  if (browser === undefined || hash(browser) !== begun.browser) return back({ error: 'invalid_state' })
  if (given.get('iss') !== null && given.get('iss') !== provider.issuer) return back({ error: 'invalid_identity' })
  const code = given.get('code')
  if (code === null) {
    const denied = given.get('error') === 'access_denied'
    return back({ error: denied ? 'access_denied' : 'temporarily_unavailable' })
  }
  try {
    const identity = await provider.identify({ code, redirectUri, nonce: begun.nonce, verifier: begun.verifier })
    if (!identity.emailVerified) return back({ error: 'email_not_verified' })
    const { user } = await ctx.call('user', identities, { body: identityBody(identity) })
    const refused = refusalOf(user)
    if (refused) return back({ error: refused })
    const own = secret()
    await codes.put(ctx.redis, own, { userId: user.id, codeChallenge: begun.codeChallenge })
    return back({ code: own })
  } catch (error) {
    ctx.log.warn({ err: error, requestId: ctx.request.id }, 'sign-in with Google failed')
    const problem = codeOf(error)
    return back({ error: (problem && failures[problem]) ?? 'invalid_identity' })
  }
}

/** Begins the session that a code stands for. */
export const exchange = async (
  ctx: Anyone,
  body: { code: string; codeVerifier?: string | undefined },
): Promise<Tokens> => {
  const [proved, at] = await Promise.all([codes.take(ctx.redis, body.code), time(ctx.redis)])
  const challenge = body.codeVerifier && createHash('sha256').update(body.codeVerifier).digest('base64url')
  if (!proved || proved.codeChallenge !== challenge)
    throw unauthorized('The code is unknown, used or out of date. Start signing in again.')
  const person = await ctx.call('user', standing, { params: { id: proved.userId } }).catch((error: unknown) => {
    throw codeOf(error) === 'NOT_FOUND' ? unauthorized('This account is gone.') : error
  })
  return sessions.begin(ctx, person, at)
}

const isSecure = ({ settings }: Anyone) => settings.PUBLIC_URL.startsWith('https:')
// `__Host-`: no other site of the same domain, such as a preview, can have put it there (RFC 6265bis, section 4.1.3.2).
const cookieOf = (ctx: Anyone) => (isSecure(ctx) ? '__Host-wealist_sign_in' : 'wealist_sign_in')
const secret = () => randomBytes(32).toString('base64url')
const hash = (text: string) => createHash('sha256').update(text).digest('base64url')

const browserOf = (ctx: Anyone) =>
  (ctx.request.header('cookie') ?? '')
    .split(';')
    .map((pair) => pair.trim().split('='))
    .find(([name, value]) => name === cookieOf(ctx) && /^[\w-]{43}$/.test(value ?? ''))?.[1]

const configured = ({ google, settings }: Anyone) => {
  if (!google) throw new Problem('NOT_FOUND', 'Signing in with Google is not set up here.')
  const callback = settings.GOOGLE_CALLBACK_URL ?? `${settings.PUBLIC_URL}/api/oauth2/callback/google`
  return { provider: google, callback }
}

const failures: Partial<Record<ErrorCode, SignInError>> = {
  UNAVAILABLE: 'temporarily_unavailable',
  ALREADY_EXISTS: 'address_taken',
}

const refusalOf = ({ status }: Standing): SignInError | undefined =>
  status === 'suspended' ? 'account_suspended' : status === 'inactive' ? 'account_inactive' : undefined

// What others wrote into their profile there has to fit what a name is here.
const identityBody = ({ subject, email, emailVerified, name }: Identity) => ({
  provider: 'google' as const,
  subject,
  email,
  emailVerified,
  name: (name ?? '').replace(/\p{C}/gu, '').trim().slice(0, 100).toWellFormed().trim() || email.split('@')[0]!,
})
