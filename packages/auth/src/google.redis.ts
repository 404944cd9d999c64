import { createHash } from 'node:crypto'
import { unavailable } from '@wealist/kit/errors'
import type { Redis } from '@wealist/kit/redis'

/** A sign-in that was begun: what must come back, and to whom. `browser` is the hash of the cookie of who began. */
export interface Begun {
  redirectUri: string
  nonce: string
  verifier: string
  browser: string
  codeChallenge?: string | undefined
}

/** A sign-in that is proved and waits for its exchange. */
export interface Proved {
  userId: string
  codeChallenge?: string | undefined
}

/** Seconds that a person may take at the provider, and that a code waits. */
export const begunSeconds = 600
export const codeSeconds = 60

const keyOf = (kind: string, secret: string) =>
  `google:${kind}:${createHash('sha256').update(secret).digest('base64url')}`
const asked = <T>(answer: Promise<T>) =>
  answer.catch(() => Promise.reject(unavailable('Signing in with Google is not possible right now.')))

const once = <T>(kind: string, seconds: number) => ({
  put: async (redis: Redis, secret: string, value: T) =>
    void (await asked(redis.set(keyOf(kind, secret), JSON.stringify(value), 'EX', seconds))),
  /** Gives it to the first who asks, and to nobody after. */
  take: async (redis: Redis, secret: string): Promise<T | undefined> => {
    const text = await asked(redis.getdel(keyOf(kind, secret)))
    return text === null ? undefined : (JSON.parse(text) as T)
  },
})

export const states = once<Begun>('state', begunSeconds)
export const codes = once<Proved>('code', codeSeconds)
