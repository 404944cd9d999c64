import { randomBytes } from 'node:crypto'
import type { Me, Session, Ticket, Tokens } from '@wealist/contract/auth/sessions'
import { type Standing, standing, verify } from '@wealist/contract/user/internal'
import type { Actor } from '@wealist/kit/actor'
import { codeOf, notFound, Problem, unauthorized } from '@wealist/kit/errors'
import { newId } from '@wealist/kit/ids'
import type { PageRequest } from '@wealist/kit/page'
import { accessTokenSeconds } from '@wealist/kit/token-time'
import { ticketSeconds } from '@wealist/kit/tickets'
import { signAccessToken } from './access-token.ts'
import type { Ctx } from './deps.ts'
import { decrypt, encrypt, hashOf, isSealedBy, newRefreshToken, readRefreshToken } from './refresh-token.ts'
import * as store from './sessions.redis.ts'

type Anyone = Ctx<Actor>

/** Signs in by password. An unknown address and a wrong password get the same answer. */
export const login = async (ctx: Anyone, body: { email: string; password: string }): Promise<Tokens> => {
  const attempt = { secret: body.email, from: ctx.request.ip }
  const at = await store.time(ctx.redis)
  await ctx.attempts.take(attempt)
  const { user } = await ctx.call('user', verify, { body }).catch(async (error: unknown) => {
    await ctx.attempts.undecided(attempt)
    throw error
  })
  if (!user) throw unauthorized('The e-mail address or the password is wrong.')
  await ctx.attempts.succeeded(attempt)
  return begin(ctx, user, at)
}

/** Begins a session for a person whose identity was proved. `at` is the time of Redis before their standing was read. */
export const begin = async (ctx: Anyone, person: Standing, at: number): Promise<Tokens> => {
  mayHaveSession(person)
  const id = newId()
  const sealKey = randomBytes(32).toString('base64url')
  const refreshToken = newRefreshToken(person.id, id, sealKey)
  const { ip: address, userAgent: device = null } = ctx.request
  const made = await store.create(ctx.redis, person.id, {
    id,
    hash: hashOf(refreshToken),
    sealKey,
    address,
    device,
    at,
  })
  if (made === 'blocked') throw blocked()
  if (made === 'overtaken') throw ended()
  if (made.length > 0) await ctx.revocations.revoke({ sids: made })
  return tokens(ctx, { person, sid: id, at, refreshToken })
}

/**
 * Rotates a refresh token. Of parallel calls with one token the first makes the successor and all get that one. A token
 * used before ends the session, and its access tokens with it.
 */
export const refresh = async (ctx: Anyone, body: { refreshToken: string }): Promise<Tokens> => {
  const token = readRefreshToken(body.refreshToken)
  if (!token) throw ended()
  const { sub, sid } = token
  const [session, at] = await Promise.all([store.find(ctx.redis, sub, sid), store.time(ctx.redis)])
  if (!session || !isSealedBy(token, session.sealKey)) throw ended()
  const shown = hashOf(token.text)
  // One that is surely used ends the session even while nobody can be asked for the person's standing.
  const good = !session.reused && (shown === session.current || shown === session.previous)
  const person = good ? await standingOf(ctx, sub, sid) : undefined
  if (person) mayHaveSession(person)

  const successor = newRefreshToken(sub, sid, session.sealKey)
  const { ip: address, userAgent: device = null } = ctx.request
  const [outcome, made] = await store.rotateToken(ctx.redis, {
    sub,
    sid,
    shown,
    candidate: hashOf(successor),
    encrypted: encrypt(successor, token.text),
    address,
    device,
  })
  if (outcome === 'blocked') throw blocked()
  if (outcome === 'reused') {
    ctx.log.warn({ requestId: ctx.request.id, person: sub, session: sid }, 'a used refresh token came back')
    await ctx.revocations.revoke({ sids: [sid] })
    throw new Problem('TOKEN_REUSED', 'This refresh token was used before, so the session has ended. Sign in again.')
  }
  if (outcome === 'ended' || !person) throw ended()
  const refreshToken = outcome === 'grace' ? decrypt(made, token.text) : successor
  return tokens(ctx, { person, sid, at, refreshToken })
}

export const logout = async (ctx: Ctx): Promise<undefined> => {
  await store.remove(ctx.redis, ctx.actor.id, ctx.actor.sid)
  await ctx.revocations.revoke({ sids: [ctx.actor.sid] })
}

export const me = ({ actor }: Ctx): Me => ({
  id: actor.id,
  email: actor.email,
  name: actor.name,
  role: actor.role,
  sessionId: actor.sid,
})

export const list = async (ctx: Ctx, page: PageRequest) => {
  const after = page.after?.[0]
  const all = (await store.list(ctx.redis, ctx.actor.id)).filter((s) => after === undefined || s.id < after)
  const items = all.slice(0, page.limit).map((s) => present(s, ctx.actor.sid))
  return { items, nextCursor: all.length > page.limit ? page.cursor([items.at(-1)!.id]) : null }
}

/** Ends one of the actor's own sessions; any other's does not exist for them. */
export const remove = async (ctx: Ctx, sid: string): Promise<undefined> => {
  if (!(await store.find(ctx.redis, ctx.actor.id, sid))) throw notFound('This session')
  // Before it is gone: whoever has to ask again still finds it, and its access tokens end.
  await ctx.revocations.revoke({ sids: [sid] })
  await store.remove(ctx.redis, ctx.actor.id, sid)
}

export const removeOthers = async (ctx: Ctx): Promise<undefined> => {
  const sids = (await store.list(ctx.redis, ctx.actor.id)).map((s) => s.id).filter((sid) => sid !== ctx.actor.sid)
  if (sids.length === 0) return undefined
  await ctx.revocations.revoke({ sids })
  await Promise.all(sids.map((sid) => store.remove(ctx.redis, ctx.actor.id, sid)))
}

export const ticket = async (ctx: Ctx): Promise<Ticket> => ({
  ticket: await ctx.auth.issueTicket(ctx.actor),
  expiresIn: ticketSeconds,
})

const tokens = async (
  ctx: Anyone,
  { refreshToken, ...rest }: { person: Standing; sid: string; at: number; refreshToken: string },
): Promise<Tokens> => ({
  accessToken: await signAccessToken(ctx, rest),
  refreshToken,
  tokenType: 'Bearer',
  expiresIn: accessTokenSeconds,
})

// Asked at every refresh, so that role and status are never older than a token.
const standingOf = async (ctx: Anyone, sub: string, sid: string) => {
  try {
    return await ctx.call('user', standing, { params: { id: sub } })
  } catch (error) {
    if (codeOf(error) !== 'NOT_FOUND') throw error
    await store.remove(ctx.redis, sub, sid)
    await ctx.revocations.revoke({ sids: [sid] })
    throw ended()
  }
}

const mayHaveSession = ({ status }: Standing) => {
  if (status === 'suspended') throw blocked()
  if (status === 'inactive') throw new Problem('ACCOUNT_SUSPENDED', 'This account is inactive. Ask an administrator.')
}

const blocked = () => new Problem('ACCOUNT_SUSPENDED', 'This account is suspended. Ask an administrator why.')
const ended = () => unauthorized('This session has ended. Sign in again.')

const present = (s: store.StoredSession, current: string): Session => ({
  id: s.id,
  device: s.device,
  address: s.address,
  createdAt: new Date(s.createdAt).toISOString(),
  lastUsedAt: new Date(s.lastUsedAt).toISOString(),
  expiresAt: new Date(Math.min(s.lastUsedAt + store.slidingLife, s.createdAt + store.wholeLife)).toISOString(),
  current: s.id === current,
})
