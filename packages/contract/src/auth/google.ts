import * as z from 'zod'
import { text } from '../fields.ts'
import { route } from '../route.ts'
import { Tokens } from './sessions.ts'

/** What comes back as `?error=` on the redirect URI when nobody was signed in. */
export const SignInError = z.enum([
  'access_denied',
  'invalid_state',
  'invalid_identity',
  'email_not_verified',
  /** Another Google account opens the account of this address: that one signs in, or the password does. */
  'address_taken',
  'account_suspended',
  'account_inactive',
  'temporarily_unavailable',
])
export type SignInError = z.infer<typeof SignInError>

// BASE64URL of a SHA-256, and what it may be the hash of (RFC 7636, section 4).
const codeChallenge = z.string().regex(/^[\w-]{43}$/)
const codeVerifier = z.string().regex(/^[\w.~-]{43,128}$/)

export const authorize = route({
  method: 'GET',
  path: '/oauth2/authorization/google',
  summary:
    'Go to Google; comes back to `redirectUri`, which must be on the allow-list exactly, with `?code=` or `?error=`',
  access: 'public',
  limit: 'sign-in',
  query: z.strictObject({
    redirectUri: text(2000, 1),
    /** S256 challenge of the caller: then only who knows its verifier can exchange the code. */
    codeChallenge: codeChallenge.optional(),
  }),
  status: 302,
  example: { query: { redirectUri: '$redirectUri' } },
})

export const callback = route({
  method: 'GET',
  path: '/api/oauth2/callback/google',
  summary: 'Where Google sends the browser back; goes on to the redirect URI that was asked for',
  access: 'public',
  // The provider may add parameters at any time, which a client must ignore (RFC 6749, section 4.1.2).
  raw: true,
  status: 302,
  example: {},
})

export const exchange = route({
  method: 'POST',
  path: '/api/auth/exchange',
  summary: 'Tokens for the `code` of the redirect URI: once, within 60 seconds',
  access: 'public',
  body: z.strictObject({ code: z.string().min(1).max(200), codeVerifier: codeVerifier.optional() }),
  response: Tokens,
  example: { body: { code: '$code' } },
})
