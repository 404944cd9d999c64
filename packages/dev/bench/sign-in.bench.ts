import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { call } from '@wealist/contract/call'
import { users } from '@wealist/contract/user'
import { bench } from './bench.ts'
import { openLab, type Started } from './lab.ts'
import { type HttpLoad, run } from './load.ts'
import { headersOf } from './people.ts'
import { run as query } from './seeded.ts'
import { newId } from '@wealist/kit/ids'
import type { SteadyLoad } from './steady-load.ts'

const password = 'a password as people have them'
// Each address may only be tried so often.
const people = 500
const emailOf = (n: number) => `person-${n}@example.com`

export default bench({
  name: 'sign-in',
  title: 'A storm of sign-ins (argon2id), and everybody else meanwhile',
  run: async (measure, { seconds }) => {
    // Of 300 answers the p99 would be the third from the last.
    const longer = seconds * 3
    const lab = await openLab()
    const user = await lab.service('user', { RATE_LIMIT: '0', ASSETS_URL: 'http://127.0.0.1:1' })
    const auth = await lab.service('auth', {
      // There it makes its first key itself.
      ENVIRONMENT: 'local',
      RATE_LIMIT: '0',
      USER_URL: user.url,
      KEYS_FILE: join(lab.dir, 'keys.json'),
      OIDC_ISSUER: 'http://127.0.0.1:1',
      PUBLIC_URL: 'http://127.0.0.1:1',
    })
    const { id } = await call(
      users.create,
      { body: { email: emailOf(0), name: 'Somebody', password } },
      { base: user.url },
    )
    await query(
      lab.databases.user,
      `insert into users (id, email, name, password_hash)
        select gen_random_uuid(), 'person-' || n || '@example.com', 'Somebody', password_hash from users cross join generate_series(1, $1::int) n where id = $2`,
      [people, id],
    )
    let next = 0
    const me = { method: 'GET', path: '/api/users/me', headers: headersOf({ id, sid: newId() }) }
    const rate = 100
    const reading: SteadyLoad = { url: user.url, rate, requests: Array.from({ length: rate * longer }, () => me) }
    const storm = ({ url }: Started): HttpLoad => ({
      ...{ url, connections: 32, seconds: longer + 1 },
      requests: Array.from({ length: people }, () => ({
        ...{ method: 'POST', path: '/api/auth/login', headers: { 'content-type': 'application/json' } },
        body: JSON.stringify({ email: emailOf(1 + (next++ % people)), password }),
      })),
    })
    const read = async () => {
      const { p50, p99 } = await run<{ p50: number; p99: number }>('steady-load.ts', reading)
      return { p99, p50 }
    }
    await measure({
      title: '100 reads a second of the service that checks the passwords',
      figures: { p99: 'ms', p50: 'ms', logins: 'sign-ins a second' },
      contestants: [
        {
          name: 'while 32 sign in at once',
          kind: 'ours',
          round: async () => {
            // Who was cut off at the end of the last storm is still in line, and it is not for twice as many.
            await setTimeout(2000)
            const storming = run<{ requests: number }>('http-load.ts', storm(auth))
            const found = await read()
            return { ...found, logins: (await storming).requests }
          },
        },
        { name: 'while nobody does', kind: 'limit', round: read },
      ],
      goals: [{ figure: 'p99', of: 'while 32 sign in at once', over: 'while nobody does', most: 2 }],
    })
    await lab.stop()
  },
})
