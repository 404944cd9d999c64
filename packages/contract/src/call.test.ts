import { expect, expectTypeOf, test } from 'vitest'
import { projects, tasks } from './board.ts'
import { call } from './call.ts'
import type { CallInput } from './route.ts'

const answering = (status: number, error: object, headers: Record<string, string> = {}) => ({
  base: 'http://board',
  fetch: async () => Response.json({ error }, { status, headers }),
})

test('who calls learns by what id a failed request is known, and when to come back', async () => {
  const error = { code: 'RATE_LIMITED', message: 'Too many requests.', requestId: 'r-1' }
  const limited = call(tasks.get, { params: { id: 'x' } }, answering(429, error, { 'retry-after': '31' }))
  await expect(limited).rejects.toMatchObject({
    code: 'RATE_LIMITED',
    requestId: 'r-1',
    headers: { 'retry-after': '31' },
  })
  const refused = { code: 'NOT_FOUND', message: 'No.', requestId: 'r-2' }
  await expect(call(tasks.get, { params: { id: 'x' } }, answering(404, refused))).rejects.toMatchObject({
    requestId: 'r-2',
    headers: undefined,
  })
})

test('a list that needs a workspace is asked for with one: its type says so, and its schema', () => {
  expectTypeOf<CallInput<typeof projects.list>>().toExtend<{ query: { workspaceId: string } }>()
  expectTypeOf<{ params: { id: string } }>().toExtend<CallInput<typeof tasks.list>>()
  expect(projects.list.query.safeParse({}).success).toBe(false)
})
