import type { Jwk } from '@wealist/contract/auth/keys'
import type { Log } from '@wealist/kit/log'
import { type CryptoKey, importJWK } from 'jose'
import { type KeySet, keyOf, publicKeys } from './key-set.ts'
import type { KeyStore } from './key-store.ts'

/** The keys as this process knows them, never older than a minute while the store answers. */
export interface KeyRing {
  /** The key that signs now. */
  signing(): Promise<{ kid: string; key: CryptoKey }>
  /** What verifiers may see. */
  published(): Promise<{ keys: Jwk[] }>
}

/** How long a step of the rotation may take to reach every process of auth, in milliseconds. */
export const reloadAfter = 60_000

/**
 * Reads the keys, and reads them again when they are a minute old; a store that is away then leaves the keys as they
 * are. Fails to start where there are none and none may be made: a key of one's own would be unknown to everybody else.
 */
export const openKeyRing = async ({
  store,
  log,
  clock,
}: {
  store: KeyStore
  log: Log
  clock: { now(): number }
}): Promise<KeyRing> => {
  let set = await store.read()
  if (!set && store.create) {
    await store.create()
    set = await store.read()
  }
  if (!set) throw new Error(`There are no signing keys in ${store.place}; make the first with: npm run rotate-keys`)
  let known: KeySet = set
  let readAt = clock.now()
  let reading: Promise<void> | undefined
  const imported = new Map<string, Promise<CryptoKey>>()

  const current = async () => {
    if (clock.now() - readAt > reloadAfter)
      reading ??= store
        .read()
        .then((read) => void (known = read ?? known))
        .catch((error: unknown) => log.warn({ err: error }, 'the signing keys could not be read again'))
        .finally(() => {
          readAt = clock.now()
          reading = undefined
        })
    await reading
    return known
  }

  return {
    signing: async () => {
      const key = keyOf(await current(), 'current')!
      if (!imported.has(key.kid)) imported.set(key.kid, importJWK(key, 'RS256') as Promise<CryptoKey>)
      return { kid: key.kid, key: await imported.get(key.kid)! }
    },
    published: async () => ({ keys: publicKeys(await current()) }),
  }
}
