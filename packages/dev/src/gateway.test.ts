import { expect, test } from 'vitest'
import { routeOf } from './gateway-routes.ts'

test('public paths of a service are routed with the prefix stripped, and auth answers its bare paths', () => {
  expect(routeOf('/api/svc/board/api/tasks/1?x=%20')).toEqual({ service: 'board', path: '/api/tasks/1?x=%20' })
  expect(routeOf('/api/svc/board/ws/project/1?ticket=t')).toEqual({ service: 'board', path: '/ws/project/1?ticket=t' })
  expect(routeOf('/.well-known/jwks.json')).toEqual({ service: 'auth', path: '/.well-known/jwks.json' })
  expect(routeOf('/api/oauth2/callback/google?code=1')).toEqual({
    service: 'auth',
    path: '/api/oauth2/callback/google?code=1',
  })
})

test.each([
  '/internal/users/lookup',
  '/api/svc/user/internal/users/lookup',
  '/api/svc/user/metrics',
  '/api/svc/user/health/live',
  '/api/svc/user/openapi.json',
  '/api/svc/user/api/../internal/users/lookup',
  '/api/svc/user/api/%2e%2e/internal/users/lookup',
  '/api/svc/user/api/users/..%2f..%2finternal',
  '/api/svc/user/api/users/..\\internal',
  '/api/svc/user//internal/users/lookup',
  '/api/svc/user/api/usersx',
  '/api/svc/nobody/api/users',
  '/api/users/me',
  '/api/svc/board/api/users/me',
  'http://elsewhere/api/svc/user/api/users',
])('nothing else exists outside: %s', (path) => expect(routeOf(path)).toBeUndefined())
