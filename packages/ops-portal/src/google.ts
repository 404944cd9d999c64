import { authorize, exchange } from '@wealist/contract/auth/google'
import { call, urlOf } from '@wealist/contract/call'
import { apiUrl } from './config.ts'
import { begin } from './session.ts'

const key = 'wealist.google'

const base64url = (bytes: Uint8Array) =>
  btoa(String.fromCharCode(...bytes))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=+$/, '')

/** Goes to Google; only this tab, which keeps the verifier, can exchange the code that comes back (RFC 7636). */
export const toGoogle = async () => {
  const codeVerifier = base64url(crypto.getRandomValues(new Uint8Array(32)))
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(codeVerifier))
  const { pathname, search } = location
  sessionStorage.setItem(
    key,
    JSON.stringify({ codeVerifier, back: pathname === '/callback' ? '/' : pathname + search }),
  )
  const query = { redirectUri: `${location.origin}/callback`, codeChallenge: base64url(new Uint8Array(hash)) }
  location.assign(urlOf(apiUrl, authorize, { query }))
}

// React asks twice in development, and a code is good once.
const finishing = new Map<string, Promise<string>>()

/** Exchanges the code; gives where the person wanted to be. */
export const finish = (code: string): Promise<string> => {
  const known = finishing.get(code)
  if (known) return known
  const { codeVerifier, back = '/' } = JSON.parse(sessionStorage.getItem(key) ?? '{}') as Record<string, string>
  sessionStorage.removeItem(key)
  const body = { code, ...(codeVerifier && { codeVerifier }) }
  const asked = call(exchange, { body }, { base: `${apiUrl}/api/svc/auth` }).then((tokens) => {
    begin(tokens)
    return back
  })
  finishing.set(code, asked)
  return asked
}
