import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { messageOf } from './message.ts'
import { textFrame } from './text-frame.ts'
import { openTurn, type Outlet } from './turn.ts'

const outlet = (): Outlet & { writes: Buffer[] } => {
  const writes: Buffer[] = []
  return { waiting: undefined, write: (data) => void writes.push(data), writes }
}
const said = (...texts: string[]) => texts.map((text, i) => messageOf('said', i + 1, text))
const framed = (...texts: string[]) => Buffer.concat(texts.map((text) => textFrame({ text })))

test('what several are sent in one piece leaves in one write each, in order, made once for all of them', async () => {
  const turn = openTurn(textFrame)
  const all = [outlet(), outlet(), outlet()]
  for (const message of said('a', 'b', 'c')) for (const one of all) turn.send(one, message)
  expect(all.map(({ writes }) => writes.length)).toEqual([0, 0, 0])
  await setImmediate()
  for (const { writes } of all) {
    expect(writes).toEqual([framed('a', 'b', 'c')])
    expect(writes[0]).toBe(all[0]!.writes[0])
  }
})

test('each gets what it was sent and nothing else, whoever else was sent other things between', async () => {
  const turn = openTurn(textFrame)
  const [ann, bob, cem] = [outlet(), outlet(), outlet()]
  const [a, b, c] = said('a', 'b', 'c') as [never, never, never]
  for (const [to, message] of [[ann, a], [bob, b], [ann, c], [cem, c], [bob, a], [ann, b], [bob, c]] as const)
    turn.send(to, message)
  await setImmediate()
  expect([ann, bob, cem].map(({ writes }) => Buffer.concat(writes))).toEqual([
    framed('a', 'c', 'b'),
    framed('b', 'a', 'c'),
    framed('c'),
  ])
})

test('a single message leaves before anything else is done; where messages meet, those of a whole turn are joined', async () => {
  const turn = openTurn(textFrame)
  const one = outlet()
  const inPieces = async (...texts: string[]) => {
    const before = one.writes.length
    for (const message of said(...texts)) {
      turn.send(one, message)
      await new Promise(process.nextTick)
    }
    const atOnce = one.writes.length - before
    await setImmediate()
    return atOnce
  }
  expect(await inPieces('a', 'b')).toBe(2)
  for (const message of said('c', 'd')) turn.send(one, message)
  await setImmediate()
  expect(await inPieces('e', 'f')).toBe(0)
  // And back, once there was nothing to join.
  expect(await inPieces('g')).toBe(0)
  expect(await inPieces('h')).toBe(1)
  expect(Buffer.concat(one.writes)).toEqual(framed(...'abcdefgh'))
})

test('what waits can be written before an end, and is not written again; its bytes are known meanwhile', async () => {
  const turn = openTurn(textFrame)
  const one = outlet()
  for (const message of said('a', 'b')) turn.send(one, message)
  expect(one.waiting?.bytes).toBe(framed('a', 'b').length)
  turn.flush(one)
  expect(one.waiting).toBeUndefined()
  await setImmediate()
  expect(one.writes).toEqual([framed('a', 'b')])
})
