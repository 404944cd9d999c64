import { setImmediate } from 'node:timers/promises'
import { MessageChannel } from 'node:worker_threads'
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

/** As many turns of the loop as a beat may take. */
const turns = async (n = 10) => {
  while (n-- > 0) await setImmediate()
}

test('what is done each second is done in one waking, whenever it began', async () => {
  const done: string[] = []
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  again(1000, () => done.push('a'))
  vi.advanceTimersByTime(700)
  await turns()
  again(1000, () => done.push('b'))
  again(500, () => done.push('c'))
  const wakings: string[] = []
  for (let half = 0; half < 6; half++) {
    vi.advanceTimersByTime(500)
    await turns()
    wakings.push(done.splice(0).join(''))
  }
  expect(vi.getTimerCount()).toBe(1)
  expect(wakings.toSorted()).toEqual(['abc', 'abc', 'abc', 'c', 'c', 'c'])
})

test('what comes over the network while a waking has much to do waits for one work of it, and not for all', async () => {
  const { port1, port2 } = new MessageChannel()
  const told: string[] = []
  port2.on('message', (what: string) => told.push(what))
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  for (const name of ['a', 'b', 'c', 'd'])
    again(500, () => {
      told.push(name)
      if (name === 'a') port1.postMessage('came')
    })
  vi.advanceTimersByTime(500)
  await turns()
  port2.close()
  expect(told.toSorted()).toEqual(['a', 'b', 'c', 'came', 'd'])
  expect(told.indexOf('came')).toBeLessThan(3)
})

test('what ended in the waking in which it was due is not done', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const done = vi.fn()
  again(500, () => end())
  const end = again(500, done)
  vi.advanceTimersByTime(500)
  await turns()
  expect(done).not.toHaveBeenCalled()
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
