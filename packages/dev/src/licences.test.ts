import { readFileSync } from 'node:fs'
import { beforeAll, expect, test } from 'vitest'
import { allowed, file, listOf, type Shipped, shipped } from './licences.ts'

let packages: Shipped[]
beforeAll(async () => void (packages = await shipped()), 60_000)

test('LICENCES.md lists each package that ships, as it is now: npm run licences', () => {
  expect(packages.length).toBeGreaterThan(50)
  expect(readFileSync(file, 'utf8')).toBe(listOf(packages))
})

test('each of them is under a licence that asks for a notice and nothing else', () => {
  const partsOf = (licence: string) => licence.replace(/[()]/g, '').split(/ AND | OR /)
  expect(packages.filter(({ licence }) => !partsOf(licence).every((part) => allowed.includes(part)))).toEqual([])
})
