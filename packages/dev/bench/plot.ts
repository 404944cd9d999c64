import { type Compared, digits } from './compare.ts'
import type { Report } from './report.ts'

const width = 760
const left = 210
const bar = 18
const row = 26
const colours = { ours: '#2f6feb', peer: '#9aa4b2', limit: '#d7a13b' }

const text = (x: number, y: number, what: string, more = '') =>
  `<text x="${x}" y="${y}" ${more}>${what.replace(/&/g, '&amp;').replace(/</g, '&lt;')}</text>`

/** Bars of the first figure of each case, a line from the least to the most of its rounds. */
export const plot = ({ title, machine, cases }: Report): string => {
  const parts: string[] = []
  let y = 62
  for (const one of cases) {
    parts.push(text(16, y, `${one.title} – ${unitOf(one)}`, 'class="case"'))
    y += 12
    for (const line of bars(one, y)) parts.push(line)
    y += one.contestants.length * row + 30
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" font-family="system-ui, sans-serif" font-size="13" fill="#57606a">
<style>.title{font-size:16px;font-weight:600;fill:#24292f}.case{font-weight:600}@media(prefers-color-scheme:dark){svg{fill:#adbac7}.title{fill:#e6edf3}}</style>
${text(16, 24, title, 'class="title"')}
${text(16, 42, machine, 'font-size="11"')}
${parts.join('\n')}
</svg>
`
}

const unitOf = ({ figures }: Compared) => {
  const [name, unit] = Object.entries(figures)[0]!
  return `${name}, ${unit}`
}

const bars = ({ figures, contestants }: Compared, top: number) => {
  const [figure] = Object.keys(figures)
  const most = Math.max(...contestants.map((c) => c.figures[figure!]?.most ?? 0)) || 1
  const scale = (value: number) => ((width - left - 110) * value) / most
  return contestants.flatMap(({ name, kind, figures: found }, i) => {
    const { median, least, most: highest } = found[figure!] ?? { median: 0, least: 0, most: 0 }
    const y = top + i * row
    const middle = y + bar / 2
    return [
      text(left - 8, middle + 4, name, 'text-anchor="end"'),
      `<rect x="${left}" y="${y}" width="${Math.max(1, scale(median)).toFixed(1)}" height="${bar}" rx="3" fill="${colours[kind]}"/>`,
      `<path d="M${(left + scale(least)).toFixed(1)} ${middle}H${(left + scale(highest)).toFixed(1)}" stroke="#57606a" stroke-width="2"/>`,
      text(left + scale(highest) + 8, middle + 4, digits(median)),
    ]
  })
}
