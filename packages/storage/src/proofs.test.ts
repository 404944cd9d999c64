import { expect, test } from 'vitest'
import { openProofs } from './proofs.ts'

const decided: string[] = []
/** A claim `[who, password]` is right where they are the same; it is decided in a turn of its own. */
const open = (options: { lasts?: number; most?: number } = {}) => {
  const clock = { at: 0, now: () => clock.at }
  const proofs = openProofs({ clock, lasts: 1000, most: 3, ...options })
  const ask = async (who: string, password = who) => {
    const { right, again } = await proofs.of([who, password], async () => {
      decided.push(who)
      await new Promise((resolve) => setImmediate(resolve))
      if (password === 'thrown') throw new Error('nobody can tell')
      return who === password
    })
    return `${right ? 'right' : 'wrong'}${again ? ' again' : ''}`
  }
  decided.length = 0
  return { clock, ask }
}

test('what was right is not decided again for a while; what was wrong always is', async () => {
  const { clock, ask } = open()
  expect([await ask('a'), await ask('a')]).toEqual(['right', 'right again'])
  expect([await ask('a', 'x'), await ask('a', 'x')]).toEqual(['wrong', 'wrong'])
  clock.at = 999
  expect(await ask('a')).toBe('right again')
  clock.at = 1000
  expect(await ask('a')).toBe('right')
  expect(decided).toHaveLength(4)
})

test('who asks the same at the same time is told the same by one decision, a failure too, which is forgotten', async () => {
  const { ask } = open()
  const all = (password: string) => Promise.allSettled([1, 2, 3].map(() => ask('a', password)))
  expect(await all('a')).toMatchObject([{ value: 'right' }, { value: 'right again' }, { value: 'right again' }])
  expect(await all('x')).toMatchObject([{ value: 'wrong' }, { value: 'wrong again' }, { value: 'wrong again' }])
  for (const one of await all('thrown')) expect(one).toMatchObject({ reason: new Error('nobody can tell') })
  expect(decided).toHaveLength(3)
  await all('thrown')
  expect(decided).toHaveLength(4)
})

test('so many are remembered and no more, the oldest goes first', async () => {
  const { ask } = open({ most: 3 })
  for (const who of ['a', 'b', 'c', 'd']) await ask(who)
  decided.length = 0
  for (const who of ['d', 'c', 'b', 'a']) await ask(who)
  expect(decided).toEqual(['a'])
})

test('claims that read alike are not the same', async () => {
  const { ask } = open()
  await ask('a","b', 'a","b')
  expect(await ask('a', 'b","a","b')).toBe('wrong')
})
