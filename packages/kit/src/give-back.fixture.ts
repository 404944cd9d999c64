// A process that was busy: it holds a third of what it took, in pieces, and says how many MB V8 has, each 100 ms.
import { getHeapStatistics } from 'node:v8'
import { giveBackWhenQuiet } from './give-back.ts'

const busy = process.argv[2] === 'busy'
const taken = Array.from({ length: 600_000 }, (_, i) => ({ i, text: `text ${i}`, list: [i] }))
const kept = taken.filter(({ i }) => i % 3 === 0)
taken.length = 0
giveBackWhenQuiet(2)
setInterval(() => {
  const until = performance.now() + (busy ? 50 : 0)
  while (performance.now() < until);
  process.stdout.write(`${Math.round(getHeapStatistics().total_physical_size / 1024 / 1024)} ${kept.length}\n`)
}, 100)
