import { sessions } from '@wealist/contract/auth'
import type { Tokens } from '@wealist/contract/auth/sessions'
import { call } from '@wealist/contract/call'
import type { PlatformRole } from '@wealist/contract/ops/people'
import { type ErrorCode, Problem } from '@wealist/contract/problem'
import { useSyncExternalStore } from 'react'
import { apiUrl } from './config.ts'

/** Who is signed in in this browser, in all its tabs. */
export interface Session {
  accessToken: string
  refreshToken: string
  /** Milliseconds since 1970. */
  expiresAt: number
  me: { id: string; name: string; email: string; role: PlatformRole }
}

const key = 'wealist.session'
const listeners = new Set<() => void>()
let known: { text: string | null; session: Session | undefined } = { text: null, session: undefined }

// What is stored is the truth, since another tab may have changed it.
export const current = (): Session | undefined => {
  const text = localStorage.getItem(key)
  if (text !== known.text) known = { text, session: text ? (JSON.parse(text) as Session) : undefined }
  return known.session
}
const changed = () => {
  for (const listener of listeners) listener()
}
window.addEventListener('storage', (event) => event.key === key && changed())

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}
export const useSession = () => useSyncExternalStore(subscribe, current)

/** Why the last session ended, for the page where one signs in; told once. */
let ended: ErrorCode | undefined
export const whyEnded = () => ended

const store = (session: Session | undefined, why?: ErrorCode) => {
  ended = why
  if (session) localStorage.setItem(key, JSON.stringify(session))
  else localStorage.removeItem(key)
  changed()
}

const claimsOf = (token: string) => {
  const bytes = Uint8Array.from(atob(token.split('.')[1]!.replace(/-/g, '+').replace(/_/g, '/')), (c) =>
    c.charCodeAt(0),
  )
  return JSON.parse(new TextDecoder().decode(bytes)) as Record<'sub' | 'name' | 'email', string> & {
    role: PlatformRole
  }
}

/** Begins a session with tokens that auth gave. */
export const begin = ({ accessToken, refreshToken, expiresIn }: Tokens) => {
  const { sub: id, name, email, role } = claimsOf(accessToken)
  const expiresAt = Date.now() + expiresIn * 1000
  store({ accessToken, refreshToken, expiresAt, me: { id, name, email, role } })
}

const auth = `${apiUrl}/api/svc/auth`

export const signIn = async (email: string, password: string) =>
  begin(await call(sessions.login, { body: { email, password } }, { base: auth }))

export const signOut = async () => {
  const session = current()
  store(undefined)
  if (!session) return
  const end = (token: string) => call(sessions.logout, {}, { base: auth, token })
  await end(session.accessToken)
    // A token that has run out ends nothing; the session would live on by its refresh token.
    .catch(async () => end((await renewed(session)).accessToken))
    .catch(() => undefined)
}

const renewed = ({ refreshToken }: Session) => call(sessions.refresh, { body: { refreshToken } }, { base: auth })

const over: readonly ErrorCode[] = ['UNAUTHORIZED', 'TOKEN_REUSED', 'ACCOUNT_SUSPENDED']

/**
 * New tokens in the place of `spent`, once for all tabs: a refresh token is good once. Where auth is away the session
 * stays, and the next request tries again.
 */
export const refresh = (spent: string): Promise<Session> =>
  navigator.locks.request('wealist.refresh', async () => {
    const session = current()
    if (!session) throw new Problem('UNAUTHORIZED', 'Signed out.')
    if (session.accessToken !== spent) return session
    try {
      const tokens = await renewed(session)
      // Who has signed out meanwhile stays out.
      if (current() === session) begin(tokens)
    } catch (error) {
      if (current() === session && error instanceof Problem && over.includes(error.code)) store(undefined, error.code)
      throw error
    }
    return current() ?? Promise.reject(new Problem('UNAUTHORIZED', 'Signed out.'))
  })

// Before it is needed, so that nobody waits for it.
const ahead = 60_000
setInterval(() => {
  const session = current()
  if (session && session.expiresAt - Date.now() < ahead) refresh(session.accessToken).catch(() => undefined)
}, 15_000)
