import { expect, test } from 'vitest'
import { threadIsBusy } from './thread.ts'

const spin = (ms: number) => {
  for (const end = performance.now() + ms; performance.now() < end;);
}
const rest = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

test('a thread is busy while it has no rest, and is not once it had', async () => {
  await expect
    .poll(async () => {
      await rest(1)
      spin(60)
      return threadIsBusy()
    })
    .toBe(true)
  await expect.poll(() => rest(200).then(() => threadIsBusy())).toBe(false)
})
