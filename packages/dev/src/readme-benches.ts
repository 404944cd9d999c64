import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { goalOf, type Report, results, tableOf } from '../bench/report.ts'

const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`

/** What the benches measured the last time they were run here: a table a case, then what was wanted of it. */
export const benches = () =>
  globSync('*.json', { cwd: results })
    .toSorted()
    .map((file) => JSON.parse(readFileSync(join(results, file), 'utf8')) as Report)
    .flatMap(({ name, title, machine, measured, cases }) => [
      `### ${title}`,
      '',
      `\`npm run bench ${name}\`, ${measured}, ${machine}. [Picture](packages/dev/bench/results/${name}.svg)`,
      ...cases.flatMap((one) => {
        const [head, ...rows] = tableOf(one)
        const table = [row(head!), row(head!.map(() => '---')), ...rows.map(row)]
        return ['', `**${one.title}**`, '', ...table, '', ...one.goals.map((goal) => `- ${goalOf(goal)}`)]
      }),
      '',
    ])
