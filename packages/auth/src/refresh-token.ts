import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'
import { bytesOfId, idOfBytes } from '@wealist/kit/id-bytes'

/**
 * A refresh token: whose it is and of which session (so that one hash slot answers for it), 256 random bits, and a seal
 * by a key of the session. The seal tells a token that was once given out from one that somebody made up: only the
 * first may end a session.
 */
export interface RefreshToken {
  sub: string
  sid: string
  text: string
}

const idLength = 16
const randomLength = 32
const sealLength = 16
const length = 2 * idLength + randomLength + sealLength

const sealOf = (body: Buffer, sealKey: string) =>
  createHmac('sha256', Buffer.from(sealKey, 'base64url')).update(body).digest().subarray(0, sealLength)

/** A new token of a session. `sealKey` is the session's, in base64url. */
export const newRefreshToken = (sub: string, sid: string, sealKey: string): string => {
  const body = Buffer.concat([bytesOfId(sub), bytesOfId(sid), randomBytes(randomLength)])
  return Buffer.concat([body, sealOf(body, sealKey)]).toString('base64url')
}

/** Reads whose it says it is; undefined for what cannot be one. */
export const readRefreshToken = (text: string): RefreshToken | undefined => {
  if (!/^[\w-]{107}$/.test(text)) return undefined
  const bytes = Buffer.from(text, 'base64url')
  // The last letter has spare bits: another spelling of a token is no token.
  if (bytes.length !== length || bytes.toString('base64url') !== text) return undefined
  return { sub: idOfBytes(bytes.subarray(0, idLength)), sid: idOfBytes(bytes.subarray(idLength, 2 * idLength)), text }
}

/** True where the session with this key gave the token out, at whatever time. */
export const isSealedBy = ({ text }: RefreshToken, sealKey: string) => {
  const bytes = Buffer.from(text, 'base64url')
  return timingSafeEqual(bytes.subarray(length - sealLength), sealOf(bytes.subarray(0, length - sealLength), sealKey))
}

/** What Redis keeps of a token. */
export const hashOf = (text: string) => createHash('sha256').update(text).digest('base64url')

/** The successor, readable only with the token that it follows. */
export const encrypt = (successor: string, previous: string) => {
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', keyFrom(previous), iv)
  return Buffer.concat([iv, cipher.update(successor), cipher.final(), cipher.getAuthTag()]).toString('base64url')
}

export const decrypt = (sealed: string, previous: string) => {
  const bytes = Buffer.from(sealed, 'base64url')
  const decipher = createDecipheriv('aes-256-gcm', keyFrom(previous), bytes.subarray(0, 12))
  decipher.setAuthTag(bytes.subarray(-16))
  return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString()
}

const keyFrom = (token: string) => new Uint8Array(hkdfSync('sha256', token, '', 'weAlist refresh successor', 32))
