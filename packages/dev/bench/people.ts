import { newId } from '@wealist/kit/ids'

export const issuer = 'http://bench'
export const audience = 'wealist'

export interface Person {
  id: string
  sid: string
}

export const newPerson = (): Person => ({ id: newId(), sid: newId() })

/** The headers by which the mesh says who asks, good for a quarter of an hour. */
export const headersOf = ({ id, sid }: Person): Record<string, string> => {
  const iat = Math.floor(Date.now() / 1000)
  const who = { sub: id, email: `${id}@example.com`, name: 'Somebody', role: 'user', sid, jti: newId() }
  const claims = { iss: issuer, aud: audience, ...who, iat, exp: iat + 900, token_use: 'access' }
  return { 'x-jwt-payload': Buffer.from(JSON.stringify(claims)).toString('base64url') }
}
