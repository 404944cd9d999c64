import { setTimeout } from 'node:timers/promises'
import { sessions } from '@wealist/contract/auth'
import type { Tokens } from '@wealist/contract/auth/sessions'
import { notifications } from '@wealist/contract/noti'
import { people } from '@wealist/contract/ops'
import type { PersonStatus } from '@wealist/contract/ops/people'
import type { Person, Storm } from './storm.world.ts'

interface Signed {
  person: Person
  tokens: Tokens
}
interface With {
  over(): boolean
  tried<T>(work: Promise<T>): Promise<T | undefined>
  acknowledge(writer: string, topic: string, key: string): void
}

/** Milliseconds in which an answer that was lost is asked for again: less than the grace of a refresh token. */
const again = 9000
/** Of each person; the oldest of more than fifty would make room. */
const mostKept = 10

const codeOf = (error: unknown) => String((error as { code?: string }).code ?? error)
const isRefused = (code: string) => ['UNAUTHORIZED', 'TOKEN_REUSED', 'ACCOUNT_SUSPENDED'].includes(code)
/** What the gateway hands on of an access token. */
const claimsOf = ({ accessToken }: Tokens) => ({ 'x-jwt-payload': accessToken.split('.')[1]! })

/** People who sign in, renew their tokens and sign out, and an admin who suspends others and takes them back. */
export const openSessions = (storm: Storm, { over, tried, acknowledge }: With) => {
  const { ask, insist, admin } = storm
  const kept: Signed[] = []
  const ended: Signed[] = []
  const wrong: string[] = []

  const signIn = (person: Person) =>
    ask('auth', person, sessions.login, { body: { email: person.email, password: storm.password } })
  const refresh = ({ person, tokens: { refreshToken } }: Signed) =>
    ask('auth', person, sessions.refresh, { body: { refreshToken } })
  /** What the access token is still good for, at a service that has never met the session. */
  const read = ({ person, tokens }: Signed) => ask('noti', person, notifications.unreadCount, {}, claimsOf(tokens))

  /** The next tokens, asked for until they come; nothing where nobody can say any more. */
  const renewed = async (signed: Signed): Promise<Signed | undefined> => {
    for (const end = Date.now() + again; ;) {
      try {
        return { ...signed, tokens: await refresh(signed) }
      } catch (error) {
        if (Date.now() > end) return undefined
        if (isRefused(codeOf(error))) {
          wrong.push(`a good session of ${signed.person.name} was refused with ${codeOf(error)}`)
          return undefined
        }
        await setTimeout(100)
      }
    }
  }
  const signedOut = async ({ person, tokens }: Signed) => {
    for (const end = Date.now() + 180_000; ;) {
      try {
        return await ask('auth', person, sessions.logout, {}, claimsOf(tokens))
      } catch (error) {
        // It was signed out by an answer that was lost.
        if (codeOf(error) === 'UNAUTHORIZED') return undefined
        if (Date.now() > end) throw error
        await setTimeout(100)
      }
    }
  }
  const signer = async (person: Person) => {
    let own = 0
    while (!over()) {
      await setTimeout(Math.random() * 1500)
      const tokens = await tried(signIn(person))
      let signed: Signed | undefined = tokens && { person, tokens }
      for (let n = 0; signed && n < 3; n++) signed = await renewed(signed)
      if (!signed) continue
      if (own < mostKept && Math.random() < 0.2) {
        own++
        kept.push(signed)
      } else {
        await signedOut(signed)
        ended.push(signed)
      }
    }
  }
  /** Each is told the reason by which its row in the audit log is found. */
  const judging = async (person: Person) => {
    for (let i = 0; !over(); i++) {
      await setTimeout(Math.random() * 1500)
      const status: PersonStatus = i % 2 === 0 ? 'suspended' : 'active'
      const tokens = status === 'suspended' ? await tried(signIn(person)) : undefined
      const input = { params: { id: person.id }, body: { status, reason: `change ${i}` } }
      await insist('ops', admin, people.setStatus, input)
      acknowledge('the admin', `user person:${person.id}`, `${status} change ${i}`)
      if (tokens) ended.push({ person, tokens })
    }
  }
  const work = () => [...storm.signers.map(signer), ...storm.judged.map(judging)]

  /** What people find who come back when all is calm. */
  const found = async () => {
    const later = [...wrong]
    for (const one of kept)
      await refresh(one).catch((error: unknown) =>
        later.push(`a session that ${one.person.name} kept is refused with ${codeOf(error)}`),
      )
    for (const one of ended)
      for (const use of [refresh, read])
        later.push(
          ...(await use(one).then(
            () => [`a session of ${one.person.name} that ended goes on: ${use.name}`],
            (error: unknown) => (isRefused(codeOf(error)) ? [] : [`an ended session was told ${codeOf(error)}`]),
          )),
        )
    return later
  }
  /** Who may sign in, as auth tells. */
  const standings = () =>
    Promise.all(
      storm.judged.map((person) =>
        signIn(person).then(
          () => `${person.id} active`,
          (error: unknown) => `${person.id} ${codeOf(error) === 'ACCOUNT_SUSPENDED' ? 'suspended' : codeOf(error)}`,
        ),
      ),
    )
  return { work, found, standings, counts: () => ({ kept: kept.length, ended: ended.length }) }
}
