import { expect, test } from 'vitest'
import type { Listener } from './listener.ts'
import { openListeners } from './listeners.ts'

const person = { id: 'alice', sid: 's', jti: 'j', iat: 0 }

/** Listeners on a clock that the test sets. */
const world = () => {
  let now = 1_700_000_000_000
  const timing = { now: () => now, after: () => () => undefined, every: () => () => undefined, random: () => 0 }
  const listeners = openListeners({ timing, slow: () => undefined })
  const add = (over: number, { unsent = (): number => 0 } = {}) => {
    const looked: number[] = []
    const listener = {
      ...{
        person,
        workspaces: [],
        unsent,
        taken: () => 0,
        deliver: () => undefined,
        recheck: () => undefined,
      },
      decided: async () => undefined,
      close: () => listeners.remove(listener),
      tick: (at: number) => {
        looked.push(at)
        if (at >= over) listener.close()
        return over
      },
    } as unknown as Listener & { close(): void }
    listeners.add(listener)
    return looked
  }
  return {
    add,
    listeners,
    now: () => now,
    pass: (ms: number) => {
      now += ms
      listeners.watch(now)
    },
  }
}

test('one whose time is over is ended in that second, and others are looked at every two seconds', () => {
  const { add, listeners, now, pass } = world()
  const [soon, late] = [add(now() + 3500), add(now() + 60_000)]
  for (let n = 0; n < 4; n++) pass(1000)
  expect(listeners.size).toBe(1)
  expect(soon.at(-1)).toBe(now())
  for (let n = 0; n < 56; n++) pass(1000)
  expect(listeners.size).toBe(0)
  expect(late.length).toBeLessThan(34)
})

test('a clock that is set back ends nobody late', () => {
  const { add, listeners, now, pass } = world()
  add(now() + 7_200_000)
  pass(-3_600_000)
  const looked = add(now() + 5000)
  for (let n = 0; n < 5; n++) pass(1000)
  expect(looked.at(-1)).toBe(now())
  expect(listeners.size).toBe(1)
})

test('one that takes nothing for five seconds is let go within three more, whenever it stopped', () => {
  for (let ms = 0; ms < 3000; ms += 100) {
    const { add, listeners, pass } = world()
    let unsent = 0
    add(Infinity, { unsent: () => unsent })
    for (let left = ms; left > 0; left -= 1000) pass(Math.min(left, 1000))
    unsent = 1
    for (let n = 1; n < 5; n++) pass(1000)
    expect(listeners.size, `stopped after ${ms} ms`).toBe(1)
    for (let n = 5; n <= 8; n++) pass(1000)
    expect(listeners.size, `stopped after ${ms} ms`).toBe(0)
  }
})
