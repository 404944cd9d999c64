import { randomBytes } from 'node:crypto'
import type { Jwk } from '@wealist/contract/auth/keys'
import { exportJWK, generateKeyPair } from 'jose'
import * as z from 'zod'

/** `next` is published and does not sign yet, `current` signs, `last` no longer signs and still verifies. */
export const stages = ['next', 'current', 'last'] as const
export type Stage = (typeof stages)[number]

/** A private signing key with its stage and when it came to it. */
export const SigningKey = z.looseObject({
  kty: z.literal('RSA'),
  kid: z.string(),
  n: z.string(),
  e: z.string(),
  d: z.string(),
  stage: z.enum(stages),
  since: z.iso.datetime(),
})
export type SigningKey = z.infer<typeof SigningKey>

/** The JWK set as it is stored: one current key, at most one next and one last. */
export const KeySet = z
  .object({ keys: z.array(SigningKey) })
  .refine(({ keys }) => keys.filter((k) => k.stage === 'current').length === 1, 'needs exactly one current key')
  .refine(({ keys }) => new Set(keys.map((k) => k.stage)).size === keys.length, 'has two keys of one stage')
  .refine(({ keys }) => new Set(keys.map((k) => k.kid)).size === keys.length, 'has two keys of one id')
export type KeySet = z.infer<typeof KeySet>

export const keyOf = (set: KeySet, stage: Stage) => set.keys.find((key) => key.stage === stage)

/** A new 2048-bit RSA key. */
export const newKey = async (stage: Stage, now: Date): Promise<SigningKey> => {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  const jwk = await exportJWK(privateKey)
  const kid = `${now.toISOString().slice(0, 10)}-${randomBytes(6).toString('base64url')}`
  return SigningKey.parse({ ...jwk, kid, alg: 'RS256', use: 'sig', stage, since: now.toISOString() })
}

export const newKeySet = async (now: Date): Promise<KeySet> => ({ keys: [await newKey('current', now)] })

/** The public half, field by field, so that nothing private can slip through. */
export const publicKeys = (set: KeySet): Jwk[] =>
  set.keys.map(({ kid, n, e }) => ({ kty: 'RSA', use: 'sig', alg: 'RS256', kid, n, e }))
