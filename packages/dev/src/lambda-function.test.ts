import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { type FunctionOptions, lambdaFunction, type LambdaFunctionHandle, Throttled } from './lambda-function.ts'

const open: LambdaFunctionHandle[] = []
afterEach(() => {
  for (const fn of open.splice(0)) fn.stop()
})

const code = `
let n = 0, ticks = 0
setInterval(() => ticks++, 5)
export const handler = async (event, context) => {
  n++
  if (event.sleep) await new Promise((resolve) => setTimeout(resolve, event.sleep))
  if (event.fail) throw new Error('broken on purpose')
  if (event.large) return 'x'.repeat(event.large)
  return { n, ticks, pid: process.pid, left: context.getRemainingTimeInMillis(), name: context.functionName }
}`

const fn = (more: Partial<FunctionOptions> = {}) => {
  const dir = mkdtempSync(join(tmpdir(), 'wealist-fn-'))
  mkdirSync(dir, { recursive: true })
  writeFileSync(join(dir, 'index.mjs'), code)
  const made = lambdaFunction({ name: 'test', dir, env: {}, timeout: 5000, ...more })
  open.push(made)
  return made
}
interface Said {
  n: number
  ticks: number
  pid: number
  left: number
  name: string
}

test('one invocation a process at a time: those at once have a process each, later ones find it warm', async () => {
  const test = fn()
  const [a, b] = await Promise.all([test.call<Said>({ sleep: 200 }), test.call<Said>({ sleep: 200 })])
  expect(a.pid).not.toBe(b.pid)
  expect([a.n, b.n]).toEqual([1, 1])
  expect((await test.call<Said>({})).n).toBe(2)
  expect(test.size).toBe(2)
  expect(a.name).toBe('test')
  expect(a.left).toBeGreaterThan(4000)
})

test('between two invocations the process is frozen: no timer of it runs', async () => {
  const test = fn()
  const before = await test.call<Said>({})
  await new Promise((resolve) => setTimeout(resolve, 500))
  const after = await test.call<Said>({})
  expect(after.pid).toBe(before.pid)
  expect(after.ticks - before.ticks).toBeLessThan(20)
})

test('who takes too long is ended with all it remembered; who throws says why and goes on', async () => {
  const test = fn({ timeout: 2000 })
  await expect(test.call({ fail: true })).rejects.toThrow('broken on purpose')
  expect((await test.call<Said>({})).n).toBe(2)
  await expect(test.call({ sleep: 5000 })).rejects.toThrow('has ended')
  expect((await test.call<Said>({})).n).toBe(1)
})

test('past its concurrency it is throttled; more than 6 MB go neither in nor out', async () => {
  const test = fn({ most: 1 })
  const running = test.call({ sleep: 300 })
  await expect(test.call({})).rejects.toBeInstanceOf(Throttled)
  await running
  await expect(test.call({ large: 7 * 1024 * 1024 })).rejects.toThrow('6 MB')
  await expect(test.call({ pad: 'x'.repeat(7 * 1024 * 1024) })).rejects.toThrow('6 MB')
})
