import { expect, test } from 'vitest'
import { openRechecks } from './rechecks.ts'
import { chanceOf, virtualTime } from './simulation.time.ts'

// At each of the turns of what waits for a promise around the end of a decision.
test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'a question in the moment in which a decision ends is decided, too: %i',
  async (n) => {
    const first = Promise.withResolvers<'decided'>()
    let decisions = 0
    const rechecks = openRechecks({
      timing: virtualTime(chanceOf(7).random),
      decide: () => (decisions++ === 0 ? first.promise : Promise.resolve('decided')),
      over: () => false,
      giveUp: () => undefined,
    })
    rechecks.ask()
    let turn: Promise<unknown> = first.promise
    for (let i = 1; i < n; i++) turn = turn.then(() => undefined)
    const asked = turn.then(() => rechecks.ask())
    first.resolve('decided')
    await asked
    await rechecks.decided()
    expect(decisions).toBe(2)
  },
)
