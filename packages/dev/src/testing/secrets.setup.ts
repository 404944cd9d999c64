import { afterAll } from 'vitest'
import { secrets } from './secrets.ts'
import { listenIn } from './secrets.wire.ts'

// Of every test file: no log may hold a token, ticket, password or key that was used while it ran.
listenIn(secrets)
afterAll(() => {
  const leaks = secrets.leaks()
  if (leaks.length > 0) throw new Error(leaks.slice(0, 5).join('\n'))
})
