import { expect, test } from 'vitest'
import { type BatchOptions, openBatch } from './batch.ts'

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** A batch whose goes end when the test says, and what each was asked. */
const made = (more: Partial<BatchOptions<number, number>> = {}) => {
  const goes: { keys: number[]; end: (error?: Error) => void }[] = []
  const ask = openBatch<number, number>({
    run: (keys) =>
      new Promise((resolve, reject) => {
        goes.push({ keys, end: (error) => (error ? reject(error) : resolve(keys.map((k) => k * 10))) })
      }),
    identity: String,
    size: 3,
    lanes: 1,
    ...more,
  })
  return { ask, goes, asked: () => goes.map(({ keys }) => keys) }
}

test('what is asked while all lanes are busy goes together, at most so many, and the same is asked once', async () => {
  const { ask, goes, asked } = made()
  const answers = [ask(1)]
  await pause(1)
  answers.push(...[2, 3, 2, 4, 5].map(ask))
  for (let i = 0; i < 3; i++) {
    expect(goes).toHaveLength(i + 1)
    goes[i]!.end()
    await pause(1)
  }
  expect(asked()).toEqual([[1], [2, 3, 4], [5]])
  expect(await Promise.all(answers)).toEqual([10, 20, 30, 20, 40, 50])
})

test('what fails fails for those who waited for it, and the next go begins', async () => {
  const { ask, goes } = made()
  const first = ask(1)
  await pause(1)
  const second = ask(2)
  goes[0]!.end(new Error('away'))
  await expect(first).rejects.toThrow('away')
  await pause(1)
  goes[1]!.end()
  expect(await second).toBe(20)
})

test('after a go of several the next one lingers for more, and after one alone it does not', async () => {
  const { ask, goes, asked } = made({ linger: 50 })
  void ask(1)
  await pause(1)
  for (const key of [2, 3]) void ask(key)
  goes[0]!.end()
  await pause(5)
  expect(asked()).toEqual([[1], [2, 3]])
  void ask(4)
  goes[1]!.end()
  await pause(5)
  void ask(5)
  expect(goes).toHaveLength(2)
  await pause(80)
  expect(asked()).toEqual([[1], [2, 3], [4, 5]])
})

test('a full go does not linger, and no more wait than may, nor longer', async () => {
  const { ask, goes, asked } = made({ linger: 50, bounds: { waiting: 4, patience: 100 } })
  void ask(1)
  await pause(1)
  const waiting = [2, 3, 4, 5].map(ask)
  await expect(ask(6)).rejects.toThrow('Too many wait')
  goes[0]!.end()
  await pause(1)
  waiting.push(ask(7), ask(8))
  goes[1]!.end()
  await pause(5)
  expect(asked()).toEqual([[1], [2, 3, 4], [5, 7, 8]])
  const late = ask(9)
  await expect(late).rejects.toThrow('Too many wait')
  goes[2]!.end()
  await pause(60)
  expect(goes).toHaveLength(3)
  expect(await Promise.all(waiting)).toEqual([20, 30, 40, 50, 70, 80])
})
