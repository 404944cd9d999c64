import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { repository } from '../repository.ts'
import { authWorld, password } from './auth-world.ts'
import { openSecrets } from './secrets.ts'
import { listenIn } from './secrets.wire.ts'

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
    secrets.hear(said)
  const leaks = secrets.leaks()
  expect(leaks).toHaveLength(4)
  expect(leaks.join()).not.toMatch(/horse|abcdefghijklmnop|eyJhbGci|hidden/)
})

test('what a service was sent and has answered is known without being noted, and what it logs is heard', async () => {
  const secrets = openSecrets()
  listenIn(secrets)
  const world = await authWorld()
  try {
    const { accessToken, refreshToken } = await world.signIn(world.people.add())
    const { body } = await world.ask<{ ticket: string }>('POST', '/api/auth/ticket', { token: accessToken })
    expect(secrets.lines).toBeGreaterThan(0)
    expect(secrets.leaks()).toEqual([])
    for (const secret of [password, accessToken, refreshToken, body.ticket, 'test-key-of-user'])
      secrets.hear(`{"about":"${secret}"}`)
    expect(secrets.leaks().map((leak) => leak.split(' is in ')[0])).toEqual([
      'password',
      'accessToken',
      'a token',
      'refreshToken',
      'ticket',
      'x-internal-api-key',
    ])
  } finally {
    await world.stop()
  }
})

test('nothing that a test starts is told to say little: what is not logged is not searched', () => {
  const files = globSync('packages/{*/src,dev/chaos}/**/*.{test,world}.ts', { cwd: repository })
  files.push(...globSync('packages/dev/src/testing/*.ts', { cwd: repository }))
  expect(files.length).toBeGreaterThan(100)
  const quiet = files.filter((file) =>
    /(LOG_LEVEL: |openLog\(\{[^}]*level: )'(silent|fatal|error|warn)'/.test(
      readFileSync(join(repository, file), 'utf8'),
    ),
  )
  expect(quiet).toEqual([])
})
