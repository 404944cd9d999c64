import { hash, timingSafeEqual } from 'node:crypto'
import { serviceNames, type ServiceName } from '@wealist/contract/topology'
import { errors, type JSONWebKeySet, jwtVerify } from 'jose'
import type { Peer, Person } from './actor.ts'
import { clockTolerance, notAccepted, personOf } from './claims.ts'
import type { Config } from './config.ts'
import { Problem, unauthorized } from './errors.ts'
import { fetchKeys, openKeys } from './jwks.ts'
import type { Log } from './log.ts'
import type { Redis } from './redis.ts'
import type { Revocations } from './revocations.ts'
import { openTickets, type Tickets } from './tickets.ts'

/** A raw header by lower-case name; several of one name come joined by `, `. */
export type Header = (name: string) => string | undefined

export interface Auth extends Tickets {
  /**
   * The person that the request proves to be: by the bearer token (AUTH_MODE=jwks) or by the claims that the mesh
   * verified (gateway). Undefined where it brings nothing; 401 for what is not good, revoked included; 503 where that
   * cannot be told.
   */
  actor(header: Header): Promise<Person | undefined>
  /** The first half of `actor`: who the request says it is, by signature and claims; 401 for what is not good. */
  identify(header: Header): Promise<Person | undefined>
  /** The second half: 401 where that is revoked. Apart, so that it goes to Redis together with the limit. */
  admit(person: Person): Promise<void>
  /** The person of an access token, by its signature and claims alone: not whether it is revoked. 401 otherwise. */
  verify(token: string): Promise<Person>
  /** The peer that shows an internal key of this service; 401 otherwise. */
  peer(header: Header): Peer
  /** Takes keys from here instead of AUTH_JWKS_URL: auth itself, which does not ask itself over HTTP. */
  trust(keys: () => Promise<JSONWebKeySet>): void
  close(): Promise<void>
}

/** Tokens and claims that are remembered until they run out, so that one that comes often costs no RSA and no parsing. */
const remembered = 10_000

export const openAuth = ({
  config,
  redis,
  revocations,
  log,
  clock,
}: {
  config: Config
  redis: Redis
  revocations: Revocations
  log: Log
  clock: { now(): number }
}): Auth => {
  const verified = new Map<string, Person>()
  // What a key that is gone has signed is good no more, remembered or not.
  const lost = () => verified.clear()
  let keys = openKeys({ fetchKeys: fetchKeys(config.AUTH_JWKS_URL), log, clock, lost })
  const internal = config.INTERNAL_KEYS.map(digest)
  const seconds = () => Math.floor(clock.now() / 1000)

  const known = (key: string) => {
    const person = verified.get(key)
    if (!person) return undefined
    verified.delete(key)
    return person.exp > seconds() - clockTolerance ? remember(key, person) : undefined
  }
  const remember = (key: string, person: Person) => {
    verified.set(key, person)
    if (verified.size > remembered) verified.delete(verified.keys().next().value!)
    return person
  }

  const verify = async (token: string): Promise<Person> => {
    const key = keyOf(token)
    keys.renew()
    return known(key) ?? remember(key, await verifySignature(token))
  }

  const verifySignature = async (token: string) => {
    try {
      const { payload } = await jwtVerify(token, keys.get, {
        algorithms: ['RS256'],
        typ: 'at+jwt',
        issuer: config.AUTH_ISSUER,
        audience: config.AUTH_AUDIENCE,
        requiredClaims: ['sub', 'iat', 'exp', 'jti'],
        currentDate: new Date(clock.now()),
        clockTolerance,
      })
      return personOf(payload, config, seconds())
    } catch (error) {
      if (error instanceof errors.JWTExpired) throw unauthorized('The access token has run out; refresh it.')
      throw error instanceof Problem ? error : notAccepted()
    }
  }

  const asked = (header: Header): Promise<Person> | Person | undefined => {
    if (config.AUTH_MODE === 'gateway') {
      const payload = header('x-jwt-payload')
      if (payload === undefined) return undefined
      const key = keyOf(payload)
      return known(key) ?? remember(key, personOf(claimsOf(payload), config, seconds()))
    }
    const authorization = header('authorization')
    if (authorization === undefined) return undefined
    const token = /^Bearer +([\w.~+/-]+=*)$/i.exec(authorization)?.[1]
    if (token === undefined) throw unauthorized('Sign in with a Bearer token.')
    return verify(token)
  }

  const admit = async (person: Person) => {
    if (await revocations.check(person)) throw unauthorized('This session has ended. Sign in again.')
  }

  return {
    identify: async (header) => asked(header),
    admit,
    actor: async (header) => {
      const person = await asked(header)
      if (person) await admit(person)
      return person
    },
    verify,
    peer: (header) => {
      const given = digest(header('x-internal-api-key') ?? '')
      let matches = false
      for (const key of internal) if (timingSafeEqual(key, given)) matches = true
      if (!matches) throw unauthorized('This needs the internal key of the service.')
      const caller = header('x-wealist-caller') as ServiceName
      return { kind: 'service', name: serviceNames.includes(caller) ? caller : 'unknown' }
    },
    trust: (source) => {
      keys = openKeys({ fetchKeys: source, log, clock, lost })
    },
    ...openTickets({ redis, revocations, clock }),
    close: async () => verified.clear(),
  }
}

// What is remembered lives long: a key a tenth as long as what it stands for, and no secret.
const keyOf = (token: string) => hash('sha256', token, 'base64')

const digest = (text: string) => hash('sha256', text, 'buffer')

const decoder = new TextDecoder('utf-8', { fatal: true })

// Two headers arrive as one with a comma, which is not base64url.
const claimsOf = (payload: string): unknown => {
  if (!/^[\w-]+$/.test(payload)) throw notAccepted()
  try {
    return JSON.parse(decoder.decode(Buffer.from(payload, 'base64url')))
  } catch {
    throw notAccepted()
  }
}
