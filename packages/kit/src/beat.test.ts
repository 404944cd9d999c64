import { setImmediate } from 'node:timers/promises'
import { afterEach, expect, test, vi } from 'vitest'
import { every } from './beat.ts'

const ends: (() => void)[] = []
const again = (ms: number, work: () => void) => {
  const end = every(ms, work)
  ends.push(end)
  return end
}
afterEach(() => {
  for (const end of ends.splice(0)) end()
  vi.useRealTimers()
})

test('what is done each second is done in one waking, whenever it began', async () => {
  const wakings: string[] = []
  let waking = ''
  const heard = (what: string) => () => {
    waking += what
    // The next waking is another turn of the loop.
    void setImmediate().then(() => waking && wakings.push(waking) && (waking = ''))
  }
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  again(1000, heard('a'))
  vi.advanceTimersByTime(700)
  await setImmediate()
  again(1000, heard('b'))
  again(500, heard('c'))
  for (let half = 0; half < 6; half++) {
    vi.advanceTimersByTime(500)
    await setImmediate()
    await setImmediate()
  }
  expect(wakings.toSorted()).toEqual(['abc', 'abc', 'abc', 'c', 'c', 'c'])
})

test('work is done for the first time within its time and then as often as was asked, until it is ended', () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const done = vi.fn()
  const end = again(1500, done)
  vi.advanceTimersByTime(1500)
  expect(done).toHaveBeenCalledTimes(1)
  vi.advanceTimersByTime(15_000)
  expect(done).toHaveBeenCalledTimes(11)
  end()
  expect(vi.getTimerCount()).toBe(0)
  vi.advanceTimersByTime(15_000)
  expect(done).toHaveBeenCalledTimes(11)
})
