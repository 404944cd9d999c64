import { expect, test } from 'vitest'
import { asUnavailable } from './sql-errors.ts'

test.each([
  ['connect ECONNREFUSED 10.0.0.7:5432', 'ECONNREFUSED'],
  ['getaddrinfo ENOTFOUND db', 'ENOTFOUND'],
  ['getaddrinfo EAI_AGAIN db', 'EAI_AGAIN'],
  ['connect EHOSTUNREACH 10.0.0.7:5432', 'EHOSTUNREACH'],
  ['connect ENETUNREACH 10.0.0.7:5432', 'ENETUNREACH'],
  ['Connection terminated unexpectedly', undefined],
])('a database that cannot be reached is unavailable, however the system says it: %s', (message, code) => {
  const error = Object.assign(new Error(message), code && { code })
  expect(asUnavailable(error)).toMatchObject({ code: 'UNAVAILABLE', cause: error })
})

test('an error of our own stays what it is', () => {
  const error = new TypeError('x is not a function')
  expect(asUnavailable(error)).toBe(error)
})
