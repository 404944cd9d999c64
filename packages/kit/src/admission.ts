import type { RouteSpec } from '@wealist/contract/route'
import type { Actor, Person } from './actor.ts'
import type { RequestInfo } from './context.ts'
import { Problem, unauthorized } from './errors.ts'
import { networkOf } from './request-info.ts'
import type { Runtime } from './start.ts'

/**
 * Who asks, within what limit: by person once known, by address before that, so that guessing tokens is limited too.
 * What is left of the limit is laid into `headers`. 401, 429, or 503 where that cannot be told.
 */
export const admit = async (
  { auth, limiter }: Runtime,
  route: RouteSpec,
  info: RequestInfo,
  headers: Record<string, string>,
): Promise<Actor> => {
  if (route.access === 'internal') return auth.peer(info.header)
  let refused: unknown
  const refuse = (error: unknown) => {
    const ignored = route.access === 'public' && error instanceof Problem && error.code === 'UNAUTHORIZED'
    if (!ignored) refused ??= error
    return undefined
  }
  const ticket = route.stream ? new URL(info.raw.url).searchParams.get('ticket') : null
  let person = await (ticket === null ? auth.identify(info.header) : auth.ticket(ticket)).catch(refuse)
  if (!person && route.access !== 'public') refused ??= unauthorized()
  // Both ask Redis at once: one round trip, and none for the first where the process remembers.
  const [admitted, limit] = await Promise.all([
    person && auth.admit(person).then(() => true, refuse),
    route.limit === 'none' ? undefined : limiter.consume(route.limit ?? 'default', countedAs(route, person, info.ip)),
  ])
  if (!admitted) person = undefined
  if (limit) Object.assign(headers, limit.headers)
  if (limit?.exceeded) throw new Problem('RATE_LIMITED', 'Too many requests. Wait as long as Retry-After says.')
  if (refused) throw refused
  return person ?? { kind: 'anonymous' }
}

// Who is signed in already signs in or up like anybody else at that address, or each account would bring attempts along.
const countedAs = (route: RouteSpec, person: Person | undefined, ip: string) =>
  person && !(route.access === 'public' && route.limit === 'sign-in') ? person.id : networkOf(ip)
