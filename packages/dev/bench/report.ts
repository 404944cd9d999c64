import { mkdir, writeFile } from 'node:fs/promises'
import { arch, cpus, platform, totalmem } from 'node:os'
import { join } from 'node:path'
import { type Compared, digits } from './compare.ts'
import { plot } from './plot.ts'

export interface Report {
  name: string
  title: string
  machine: string
  measured: string
  cases: Compared[]
}

export const results = join(import.meta.dirname, 'results')

export const machine = () => {
  const [cpu] = cpus()
  return `${cpus().length} cores of ${cpu?.model.trim() ?? 'a CPU'}, ${Math.round(totalmem() / 2 ** 30)} GB, ${platform()} ${arch()}, Node ${process.versions.node}`
}

/** The rows of a case: a contestant each, the median and how far its rounds lie apart. */
export const tableOf = ({ figures, contestants }: Compared): string[][] => [
  ['', ...Object.entries(figures).map(([name, unit]) => `${name} (${unit})`)],
  ...contestants.map((c) => [
    c.name,
    ...Object.keys(figures).map((name) => {
      const found = c.figures[name]
      return found ? `${digits(found.median)} (${digits(found.least)}–${digits(found.most)})` : ''
    }),
  ]),
]

/** A goal in words: what was measured, what was wanted. */
export const goalOf = ({ figure, of, over, ratio, least, most, met }: Compared['goals'][number]) =>
  `${met ? '✓' : '✗'} ${figure}: ${of} ${Number(ratio.toPrecision(3))} × ${over} (wanted ${least === undefined ? `≤ ${most}` : `≥ ${least}`})`

/** A table for a terminal, its columns in line. */
const print = (rows: string[][]) => {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)))
  for (const row of rows) console.log(`  ${row.map((cell, i) => cell.padEnd(widths[i]!)).join('  ')}`)
}

/** Prints what was measured, and keeps it as JSON and as a picture. */
export const report = async (told: Report) => {
  console.log(`\n${told.title}\n${told.machine}`)
  for (const one of told.cases) {
    console.log(`\n${one.title}: median (least–most) of ${one.rounds} rounds`)
    print(tableOf(one))
    for (const line of [...one.goals.map(goalOf), ...one.notes]) console.log(`  ${line}`)
  }
  await mkdir(results, { recursive: true })
  await writeFile(join(results, `${told.name}.json`), `${JSON.stringify(told, undefined, 2)}\n`)
  await writeFile(join(results, `${told.name}.svg`), plot(told))
  console.log(`\nKept in ${told.name}.json and ${told.name}.svg of packages/dev/bench/results.`)
}
