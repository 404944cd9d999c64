import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { made, readme } from '../readme.ts'

test('the README’s tables and picture are what the topology and the configuration say (npm run readme makes them)', () => {
  const text = readFileSync(readme, 'utf8')
  expect(text.match(/<!-- made: \w+ -->/g)).toHaveLength(4)
  expect(made(text)).toBe(text)
})
