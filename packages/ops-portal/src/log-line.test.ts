import { expect, test } from 'vitest'
import { saidBy } from './log-line.ts'

test('a line names the job that failed and says in words what was wrong', () => {
  const issues = [{ code: 'invalid_type', path: ['actorId'], message: 'Invalid input: expected string' }]
  const fields = { job: 'noti.comment', err: { message: JSON.stringify(issues, null, 2) } }
  expect(saidBy({ message: 'job failed for good', fields })).toBe(
    'noti.comment: job failed for good: actorId Invalid input: expected string',
  )
})

test('a reason that only looks like JSON stays as it was said', () => {
  expect(saidBy({ message: 'away', fields: { error: '[redis] closed' } })).toBe('away: [redis] closed')
})

test('a request says what was answered', () => {
  const fields = { method: 'GET', route: '/api/tasks/{id}', status: 404, ms: 1.2 }
  expect(saidBy({ message: 'request', fields })).toBe('GET /api/tasks/{id} → 404 · 1.2 ms')
})
