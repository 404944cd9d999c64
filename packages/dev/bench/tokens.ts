import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { newId } from '@wealist/kit/ids'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { audience, issuer, type Person } from './people.ts'

/** Signs access tokens as auth does, and publishes the key. */
export const openTokens = async () => {
  const { privateKey, publicKey } = await generateKeyPair('RS256')
  const keys = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'bench', alg: 'RS256', use: 'sig' }] })
  const server = createServer((_, response) => response.setHeader('content-type', 'application/json').end(keys))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sign: ({ id, sid }: Person) => {
      const iat = Math.floor(Date.now() / 1000)
      const who = { sub: id, email: `${id}@example.com`, name: 'Somebody', role: 'user', sid, jti: newId() }
      return new SignJWT({ iss: issuer, aud: audience, ...who, iat, exp: iat + 900, token_use: 'access' })
        .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid: 'bench' })
        .sign(privateKey)
    },
    stop: async () => void server.close(),
  }
}
