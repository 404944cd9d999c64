import { expect, test } from 'vitest'
import { marks } from './scale.ts'

test.each([
  ['requests', marks(1), [0, 0.5, 1]],
  ['an odd most', marks(99), [0, 50, 100]],
  ['a share', marks(0.01), [0, 0.005, 0.01]],
  ['what has no halves', marks(1, { whole: true }), [0, 1, 2]],
  ['connections', marks(7, { whole: true }), [0, 2, 4, 6, 8]],
  ['bytes in MB', marks(162 * 1024 ** 2, { unit: 1024 ** 2 }).map((b) => b / 1024 ** 2), [0, 50, 100, 150, 200]],
])('an axis has a few round marks and reaches what is drawn: %s', (_, found, wanted) => {
  expect(found).toEqual(wanted)
})
