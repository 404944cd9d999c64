import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { serviceNames, topology } from '@wealist/contract/topology'
import { Config as Common } from '@wealist/kit/config'
import type * as z from 'zod'
import { benches } from './readme-benches.ts'
import { repository } from './repository.ts'
import { services } from './services.ts'

const row = (...cells: string[]) => `| ${cells.map((c) => c.replaceAll('|', '\\|')).join(' | ')} |`
const code = (s: string) => `\`${s}\``

const topologyTable = () => [
  row('service', 'port', 'owns', 'database', 'may call', 'uses', 'public paths'),
  row(...Array.from({ length: 7 }, () => '---')),
  ...serviceNames.map((name) => {
    const { port, owns, database, calls, uses, public: paths } = topology[name]
    return row(name, String(port), owns, database ?? '–', calls.join(', '), uses.join(', '), paths.map(code).join(' '))
  }),
]

const picture = () => [
  '```mermaid',
  'flowchart LR',
  '  browser([browser]) --> gateway{{gateway}}',
  ...serviceNames.map((name) => `  gateway --> ${name}`),
  ...serviceNames.flatMap((name) => topology[name].calls.map((peer) => `  ${name} -. HTTP .-> ${peer}`)),
  ...serviceNames.flatMap((name) =>
    topology[name].database ? [`  ${name} --> ${topology[name].database}[(${topology[name].database})]`] : [],
  ),
  ...serviceNames.flatMap((name) =>
    topology[name].uses.filter((u) => u !== 'postgres').map((piece) => `  ${name} --> ${piece}[/${piece}/]`),
  ),
  '```',
]

const shown = (schema: z.ZodType) => {
  const result = schema.safeParse(undefined)
  if (!result.success) return 'required'
  if (result.data === undefined) return '–'
  const text =
    result.data instanceof Set
      ? [...result.data].join(',')
      : Array.isArray(result.data)
        ? result.data.join(',')
        : String(result.data)
  return text === '' ? '(empty)' : code(text)
}

const variables = (shape: z.ZodRawShape, where: string) =>
  Object.entries(shape).map(([name, schema]) => {
    const { description = '' } = schema as z.ZodType
    return { where, name: code(name), what: [shown(schema as z.ZodType), description] }
  })

const configTable = () => {
  const common = Common.shape as z.ZodRawShape
  const own = serviceNames.flatMap((name) => {
    const all = Object.entries(services[name].config.shape as z.ZodRawShape)
    return variables(Object.fromEntries(all.filter(([key]) => !(key in common))), name)
  })
  // What several services read alike is told once.
  const alike = Map.groupBy(own, ({ name, what }) => [name, ...what].join('|'))
  return [
    row('variable', 'read by', 'unless set', 'what it is'),
    row('---', '---', '---', '---'),
    ...variables(common, 'all').map(({ name, where, what }) => row(name, where, ...what)),
    ...[...alike.values()].map(([first, ...others]) =>
      row(first!.name, [first!, ...others].map(({ where }) => where).join(', '), ...first!.what),
    ),
  ]
}

const parts: Record<string, () => string[]> = { topology: topologyTable, picture, config: configTable, benches }

/** The README with its generated parts made anew, between `<!-- made: name -->` and `<!-- end -->`. */
export const made = (text: string) =>
  text.replace(
    /(<!-- made: (\w+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_, open: string, name: string, close: string) => `${open}${parts[name]!().join('\n')}\n${close}`,
  )

export const readme = join(repository, 'README.md')

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  writeFileSync(readme, made(readFileSync(readme, 'utf8')))
