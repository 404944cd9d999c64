import * as z from 'zod'
import { email, id, seconds, text, time } from '../fields.ts'
import { page, paging } from '../page.ts'
import { route } from '../route.ts'

/**
 * A session's tokens. The access token is good for `expiresIn` seconds. The refresh token is good once: its answer
 * brings the next one. It lives 7 days from its last use, 30 days in all.
 */
export const Tokens = z
  .strictObject({
    accessToken: z.string(),
    refreshToken: z.string(),
    tokenType: z.literal('Bearer'),
    expiresIn: seconds,
  })
  .meta({ id: 'Tokens' })
export type Tokens = z.infer<typeof Tokens>

export const login = route({
  method: 'POST',
  path: '/api/auth/login',
  summary: 'Sign in with an e-mail address and a password; 403 for an account that is suspended or inactive',
  access: 'public',
  limit: 'sign-in',
  body: z.strictObject({ email, password: text(128) }),
  response: Tokens,
  example: { body: { email: '$email', password: '$password' } },
})

export const refresh = route({
  method: 'POST',
  path: '/api/auth/refresh',
  summary: 'New tokens for a refresh token; 401 TOKEN_REUSED for a used one, which ends the session',
  access: 'public',
  body: z.strictObject({ refreshToken: z.string().min(1).max(200) }),
  response: Tokens,
  example: { body: { refreshToken: '$refreshToken' } },
})

export const logout = route({
  method: 'POST',
  path: '/api/auth/logout',
  summary: 'End this session and its tokens, everywhere within a second',
  access: 'self',
  status: 204,
  example: {},
})

export const Me = z
  .strictObject({
    id,
    email: z.string(),
    name: z.string(),
    role: z.enum(['user', 'viewer', 'operator', 'admin']),
    sessionId: id,
  })
  .meta({ id: 'Me' })
export type Me = z.infer<typeof Me>

export const me = route({
  method: 'GET',
  path: '/api/auth/me',
  summary: 'Who I am, by my access token',
  access: 'self',
  response: Me,
  example: {},
})

/** A place where somebody is signed in. `device` is what the browser or program calls itself. */
export const Session = z
  .strictObject({
    id,
    device: z.string().nullable(),
    address: z.string(),
    createdAt: time,
    lastUsedAt: time,
    expiresAt: time,
    current: z.boolean(),
  })
  .meta({ id: 'Session' })
export type Session = z.infer<typeof Session>

export const list = route({
  method: 'GET',
  path: '/api/auth/sessions',
  summary: 'Where I am signed in, newest session first; at most 50, the one unused for longest makes room',
  access: 'self',
  query: z.strictObject(paging),
  response: page(Session),
  example: {},
})

export const remove = route({
  method: 'DELETE',
  path: '/api/auth/sessions/{id}',
  summary: 'End one of my sessions',
  access: 'scoped',
  params: z.strictObject({ id }),
  status: 204,
  example: { params: { id: '$session' } },
})

export const removeOthers = route({
  method: 'DELETE',
  path: '/api/auth/sessions',
  summary: 'End all my sessions but this one',
  access: 'self',
  status: 204,
  example: {},
})

export const Ticket = z.strictObject({ ticket: z.string(), expiresIn: seconds }).meta({ id: 'Ticket' })
export type Ticket = z.infer<typeof Ticket>

export const ticket = route({
  method: 'POST',
  path: '/api/auth/ticket',
  summary: 'A ticket that opens one WebSocket or EventSource, within `expiresIn` seconds, as `?ticket=`',
  access: 'self',
  response: Ticket,
  example: {},
})
