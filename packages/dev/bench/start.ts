// npm run bench [name…] [-- --rounds 5 --seconds 4]
import { globSync } from 'node:fs'
import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import type { Bench } from './bench.ts'
import { compare, type Compared } from './compare.ts'
import { machine, report } from './report.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '4' } },
})
const effort = { rounds: Number(values.rounds), seconds: Number(values.seconds) }
const files = globSync('*.bench.ts', { cwd: import.meta.dirname }).toSorted()
const names = files.map((file) => basename(file, '.bench.ts'))
const unknown = positionals.filter((name) => !names.includes(name))
if (unknown.length > 0) throw new Error(`no bench is called ${unknown.join(', ')}; there are ${names.join(', ')}`)

for (const name of positionals.length > 0 ? positionals : names) {
  const { default: bench } = (await import(`./${name}.bench.ts`)) as { default: Bench }
  const cases: Compared[] = []
  await bench.run(async (comparison) => {
    const compared = await compare({ rounds: effort.rounds, ...comparison }, (line) => console.error(line))
    cases.push(compared)
    return compared
  }, effort)
  await report({ name, title: bench.title, machine: machine(), measured: new Date().toISOString().slice(0, 10), cases })
}
process.exit(0)
