import type { ServiceName } from '@wealist/contract/topology'

/** A signed-in person, as the access token says. Times are seconds since 1970. */
export interface Person {
  kind: 'person'
  id: string
  email: string
  name: string
  role: PlatformRole
  /** The session; all its tokens die with it. */
  sid: string
  /** This token. */
  jti: string
  iat: number
  exp: number
}
export type PlatformRole = 'user' | 'viewer' | 'operator' | 'admin'

/** Another service, by the internal key it was given. */
export interface Peer {
  kind: 'service'
  name: ServiceName | 'unknown'
}
export interface Anonymous {
  kind: 'anonymous'
}
export type Actor = Person | Peer | Anonymous

const ranks: Record<PlatformRole, number> = { user: 0, viewer: 1, operator: 2, admin: 3 }

/** True where `role` is at least `least`: user < viewer < operator < admin. */
export const isAtLeast = (role: PlatformRole, least: PlatformRole) => ranks[role] >= ranks[least]
