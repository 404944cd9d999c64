import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { openTurns } from './turns.ts'

const open = (options: { atOnce?: number; waiting?: number; patience?: number } = {}) =>
  openTurns({ atOnce: 1, waiting: 100, patience: 5000, refusal: 'Too many.', ...options })

test('who wants the same thing gets it in the order of asking, so many at once; others do not wait for them', async () => {
  const turns = open({ atOnce: 2 })
  const begun: number[] = []
  let [running, most] = [0, 0]
  const same = Array.from({ length: 20 }, (_, n) =>
    turns.of('a', async () => {
      begun.push(n)
      most = Math.max(most, ++running)
      await setTimeout(Math.random() * 5)
      running--
      return n
    }),
  )
  expect(turns.waiting()).toBe(18)
  await turns.of('b', async () => expect(begun.length).toBeLessThan(5))
  expect(await Promise.all(same)).toEqual(Array.from({ length: 20 }, (_, n) => n))
  expect(begun).toEqual(Array.from({ length: 20 }, (_, n) => n))
  expect(most).toBe(2)
  expect(turns.waiting()).toBe(0)
})

test('who fails hands the turn on', async () => {
  const turns = open()
  const outcomes = await Promise.allSettled(
    Array.from({ length: 9 }, (_, n) =>
      turns.of('a', async () => {
        if (n % 3 === 0) throw new Error('refused')
      }),
    ),
  )
  expect(outcomes.filter((o) => o.status === 'rejected')).toHaveLength(3)
  expect(await turns.of('a', async () => 'here')).toBe('here')
})

test('past the line, and past the time that one waits, it is 503 with Retry-After; the line goes on without them', async () => {
  const turns = open({ waiting: 2, patience: 50 })
  const unavailable = { code: 'UNAVAILABLE', headers: { 'retry-after': '2' } }
  const slow = turns.of('a', () => setTimeout(200, 'done'))
  const late = [1, 2].map(() => turns.of('a', async () => 'never'))
  await expect(turns.of('a', async () => 'never')).rejects.toMatchObject(unavailable)
  for (const one of late) await expect(one).rejects.toMatchObject(unavailable)
  const next = turns.of('a', async () => 'next')
  const [first] = await Promise.all([slow, expect(next).rejects.toMatchObject(unavailable)])
  expect(first).toBe('done')
  expect(await turns.of('a', async () => 'after')).toBe('after')
})
