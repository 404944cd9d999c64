import { expect, test } from 'vitest'
import { openSecrets } from './secrets.ts'

test('a secret that was noted, and anything of a secret’s form, is found in a log and is not told again', () => {
  const secrets = openSecrets()
  secrets.note('a password', 'correct horse battery')
  for (const said of [
    '{"msg":"request","route":"/api/tasks/{id}"}',
    '{"body":{"password":"correct horse battery"}}',
    '{"url":"/api/notifications/stream?ticket=abcdefghijklmnop"}',
    `{"header":"Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0NTYifQ.c2ln"}`,
    '{"error":"could not connect to postgres://board:hidden@db:5432/board"}',
  ])
    secrets.logTo.write(said)
  const leaks = secrets.leaks()
  expect(leaks).toHaveLength(4)
  expect(leaks.join()).not.toMatch(/horse|abcdefghijklmnop|eyJhbGci|hidden/)
})
