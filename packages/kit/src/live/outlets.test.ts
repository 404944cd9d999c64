import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { messageOf } from './message.ts'
import { openOutlets, type Outlet } from './outlets.ts'
import { textFrame } from './text-frame.ts'

const outlet = (): Outlet & { writes: Buffer[] } => {
  const writes: Buffer[] = []
  return { waiting: undefined, write: (data) => void writes.push(data), writes }
}
const said = (...texts: string[]) => texts.map((text, i) => messageOf('said', i + 1, text))
const framed = (...texts: string[]) => Buffer.concat(texts.map((text) => textFrame({ text })))

test('what meets in a turn leaves in one write each, in order, made once for all of them', async () => {
  const outlets = openOutlets(textFrame)
  const all = [outlet(), outlet(), outlet()]
  const inOnePiece = async (...texts: string[]) => {
    for (const message of said(...texts)) for (const one of all) outlets.send(one, message)
    await setImmediate()
  }
  await inOnePiece('a', 'b', 'c')
  await inOnePiece('d', 'e', 'f')
  for (const { writes } of all) {
    expect(writes).toEqual([framed('a', 'b', 'c'), framed('d', 'e', 'f')])
    for (const [i, write] of writes.entries()) expect(write).toBe(all[0]!.writes[i])
  }
})

test('each gets what it was sent and nothing else, whoever else was sent other things between', async () => {
  const outlets = openOutlets(textFrame)
  const [ann, bob, cem] = [outlet(), outlet(), outlet()]
  const [a, b, c] = said('a', 'b', 'c')
  const all = [
    [ann, a],
    [bob, b],
    [ann, c],
    [cem, c],
    [bob, a],
    [ann, b],
    [bob, c],
    [ann, a],
  ] as const
  for (let turn = 0; turn < 3; turn++) {
    for (const [to, message] of all) outlets.send(to, message!)
    await setImmediate()
  }
  const thrice = (...texts: string[]) => framed(...texts, ...texts, ...texts)
  expect(Buffer.concat(ann.writes)).toEqual(thrice('a', 'c', 'b', 'a'))
  expect(Buffer.concat(bob.writes)).toEqual(thrice('b', 'a', 'c'))
  expect(Buffer.concat(cem.writes)).toEqual(thrice('c'))
})

test('a single message leaves before anything else is done; where messages met, those of a whole turn wait, until none meet', async () => {
  const outlets = openOutlets(textFrame)
  const one = outlet()
  const inPieces = async (...texts: string[]) => {
    const before = one.writes.length
    for (const message of said(...texts)) {
      outlets.send(one, message)
      await new Promise(process.nextTick)
    }
    const atOnce = one.writes.length - before
    await setImmediate()
    return atOnce
  }
  expect(await inPieces('a', 'b')).toBe(2)
  for (const message of said('c', 'd')) outlets.send(one, message)
  await setImmediate()
  expect(await inPieces('e', 'f')).toBe(0)
  // And back, once there was nothing to join.
  expect(await inPieces('g')).toBe(0)
  expect(await inPieces('h')).toBe(1)
  expect(Buffer.concat(one.writes)).toEqual(framed(...'abcdefgh'))
})

test('what waits can be written before an end, and is not written again; its bytes are known meanwhile', async () => {
  const outlets = openOutlets(textFrame)
  const one = outlet()
  for (const message of said('a', 'b', 'c')) outlets.send(one, message)
  expect(one.waiting?.bytes).toBe(framed('a', 'b', 'c').length)
  outlets.flush(one)
  expect(one.waiting).toBeUndefined()
  await setImmediate()
  expect(one.writes).toEqual([framed('a', 'b', 'c')])
})

test('what is worth a write does not wait, and what comes after it leaves after it', async () => {
  const outlets = openOutlets(textFrame)
  const one = outlet()
  const texts = Array.from({ length: 50 }, (_, i) => `${i} `.repeat(500))
  for (const message of said(...texts)) {
    outlets.send(one, message)
    expect(one.waiting?.bytes ?? 0).toBeLessThan(16 * 1024)
  }
  await setImmediate()
  expect(one.writes.length).toBeLessThan(10)
  expect(Buffer.concat(one.writes)).toEqual(framed(...texts))
})
