import { expect, test } from 'vitest'
import { newId } from './ids.ts'

test('10,000 ids are UUIDv7 of now, all different, each greater than the one before', () => {
  const begun = Date.now()
  const ids = Array.from({ length: 10_000 }, newId)
  expect(ids.toSorted()).toEqual(ids)
  expect(new Set(ids).size).toBe(ids.length)
  for (const id of ids) {
    expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/)
    const made = Number.parseInt(id.replace('-', '').slice(0, 12), 16)
    expect(made).toBeGreaterThanOrEqual(begun)
    expect(made).toBeLessThanOrEqual(Date.now())
  }
  // What follows the time and the count is chance: no two share it.
  expect(new Set(ids.map((id) => id.slice(-12))).size).toBe(ids.length)
})
