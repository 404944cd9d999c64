import { readdirSync, readFileSync } from 'node:fs'
import { getPriority } from 'node:os'
import { expect, onTestFinished, test, vi } from 'vitest'
import { cost, openPasswords } from './passwords.ts'

const quick = { memory: 256, passes: 1, parallelism: 1 }
const open = (atOnce = 2, waiting = 10, of = quick) => openPasswords({ atOnce, waiting }, of)

test('a password is stored as argon2id at the cost OWASP asks for, with a salt of its own', async () => {
  const passwords = open(2, 10, cost)
  const [a, b] = await Promise.all([passwords.hash('correct horse'), passwords.hash('correct horse')])
  expect(a).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/)
  expect(a).not.toBe(b)
  expect(await passwords.verify(a, 'correct horse')).toEqual({ ok: true, rehash: false })
  expect(await passwords.verify(a, 'correct horsf')).toEqual({ ok: false, rehash: false })
})

test('the same letters are the same password, however a keyboard composes them', async () => {
  const passwords = open()
  const hash = await passwords.hash('caf\u00e9 au lait')
  expect((await passwords.verify(hash, 'cafe\u0301 au lait')).ok).toBe(true)
})

test('a hash of another cost still verifies and asks to be made anew', async () => {
  const hash = await open().hash('correct horse')
  expect(await open(2, 10, { ...quick, passes: 2 }).verify(hash, 'correct horse')).toEqual({ ok: true, rehash: true })
})

test('nobody’s password is never right and takes as long as somebody’s', async () => {
  const passwords = open(1, 10, cost)
  const hash = await passwords.hash('correct horse')
  const time = async (of: string | null) => {
    const start = performance.now()
    for (let i = 0; i < 5; i++) expect((await passwords.verify(of, 'wrong')).ok).toBe(false)
    return performance.now() - start
  }
  await time(null)
  const [known, unknown] = [await time(hash), await time(null)]
  expect(unknown / known).toBeGreaterThan(0.3)
  expect(unknown / known).toBeLessThan(3)
})

test('a storm waits in line, and past the line it is turned away with 503', async () => {
  const passwords = open(1, 3, { ...quick, memory: 4096 })
  const results = await Promise.allSettled(Array.from({ length: 10 }, () => passwords.hash('x')))
  const refused = results.filter((r) => r.status === 'rejected').map((r) => r.reason as { code: string })
  expect(refused).toHaveLength(6)
  expect(refused.every((r) => r.code === 'UNAVAILABLE')).toBe(true)
  expect(await passwords.hash('x')).toMatch(/^\$argon2id/)
})

test('who waited for long enough is turned away, and nothing is hashed for them', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const passwords = openPasswords({ atOnce: 1, waiting: 3, patience: 1500 }, { ...quick, memory: 4096 })
  const [first, second] = [passwords.hash('x'), passwords.hash('y')]
  const refused = second.catch((error: unknown) => error)
  vi.advanceTimersByTime(1600)
  expect(await refused).toMatchObject({ code: 'UNAVAILABLE' })
  expect(await first).toMatch(/^\$argon2id/)
})

test.runIf(process.platform === 'linux')('the threads that hash give way to the one that answers', async () => {
  await openPasswords({ atOnce: 1, waiting: 1 }).hash('a password')
  const threads = readdirSync('/proc/self/task').map((id) => ({
    name: readFileSync(`/proc/self/task/${id}/comm`, 'utf8').trim(),
    nice: getPriority(Number(id)),
  }))
  const hashing = threads.filter(({ name }) => name === 'libuv-worker')
  expect(hashing).toHaveLength(4)
  for (const { nice } of hashing) expect(nice).toBeGreaterThan(getPriority(process.pid))
})
