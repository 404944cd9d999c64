import { createHash, randomBytes } from 'node:crypto'
import type { Person } from './actor.ts'
import { Problem, unauthorized, unavailable } from './errors.ts'
import { bytesOfId, idOfBytes } from './id-bytes.ts'
import type { Redis } from './redis.ts'
import { blockedKey, sessionKey } from './revocations.redis.ts'
import type { Revocations } from './revocations.ts'
import { script } from './script.ts'

/** Seconds that a ticket waits to be used. */
export const ticketSeconds = 30

export interface Tickets {
  /**
   * A one-time ticket with the person's claims, for what cannot send headers. 401 where the session has ended, 403 where
   * the person is blocked, 503 while Redis is away or revocations are not confirmed. Only auth gives them out.
   */
  issueTicket(person: Person): Promise<string>
  /**
   * The person of a ticket, once: the second time, or after 30 s, it is 401. Whoever joins then still decides on a fresh
   * read of revocations. 503 while Redis is away, or did not answer, and then the ticket may be spent.
   */
  ticket(ticket: string): Promise<Person>
}

// The ticket names the person, so that it lies in one hash slot with their block and session.
const put = script<'ok' | 'blocked' | 'ended'>(
  'put_ticket',
  `if redis.call('exists', KEYS[1]) == 1 then return 'blocked' end
   if redis.call('hexists', KEYS[2], 'current') == 0 then return 'ended' end
   redis.call('set', KEYS[3], ARGV[1], 'EX', ARGV[2])
   return 'ok'`,
)

const ticketKey = (sub: string, ticket: string) =>
  `ticket:{${sub}}:${createHash('sha256').update(ticket).digest('base64url')}`

export const openTickets = ({
  redis,
  revocations,
  clock,
}: {
  redis: Redis
  revocations: Pick<Revocations, 'confirmed'>
  clock: { now(): number }
}): Tickets => ({
  issueTicket: async (person) => {
    if (!revocations.confirmed()) throw away()
    const ticket = Buffer.concat([bytesOfId(person.id), randomBytes(32)]).toString('base64url')
    const keys = [blockedKey(person.id), sessionKey(person.id, person.sid), ticketKey(person.id, ticket)]
    const answer = await put(redis, keys, [JSON.stringify(person), ticketSeconds]).catch(() => Promise.reject(away()))
    if (answer === 'blocked')
      throw new Problem('ACCOUNT_SUSPENDED', 'This account is suspended. Ask an administrator why.')
    if (answer === 'ended') throw unauthorized('This session has ended. Sign in again.')
    return ticket
  },
  ticket: async (ticket) => {
    if (!/^[\w-]{64}$/.test(ticket)) throw spent()
    const sub = idOfBytes(Buffer.from(ticket, 'base64url').subarray(0, 16))
    const claims = await redis.getdel(ticketKey(sub, ticket)).catch(() => Promise.reject(away()))
    if (claims === null) throw spent()
    const person = JSON.parse(claims) as Person
    if (person.exp <= clock.now() / 1000) throw spent()
    return person
  },
})

const spent = (): Problem => unauthorized('The ticket is used, out of date or unknown. Get a new one.')
const away = () => unavailable('Tickets cannot be given or taken right now.')
