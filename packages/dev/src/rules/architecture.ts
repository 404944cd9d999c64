import { type ServiceName, serviceNames, topology } from '@wealist/contract/topology'
import { isTest, type Source } from './sources.ts'

/** A rule finds what breaks it: a sentence for each place, none where it holds. */
export type Rule = (sources: readonly Source[]) => string[]

const isService = (owner: string): owner is ServiceName => (serviceNames as string[]).includes(owner)
const code = (sources: readonly Source[]) => sources.filter((s) => isService(s.owner) && !isTest(s))

/** 1. A service imports contract, kit and npm packages; never another service, never above its own folder. */
export const importsOnlyDownwards: Rule = (sources) => [
  ...code(sources).flatMap((s) =>
    s.imports.flatMap((i) => {
      const workspace = /^@wealist\/([\w-]+)/.exec(i)?.[1]
      if (workspace && workspace !== 'contract' && workspace !== 'kit')
        return [`${s.path} imports ${i}: a service may import contract and kit only`]
      if (i.startsWith('../')) return [`${s.path} imports ${i}: src is flat, nothing is above it`]
      return []
    }),
  ),
  ...sources
    .filter((s) => s.owner === 'contract' && !isTest(s))
    .flatMap((s) =>
      s.imports
        .filter((i) => i !== 'zod' && !i.startsWith('.'))
        .map((i) => `${s.path} imports ${i}: contract depends on zod and nothing else`),
    ),
  ...sources
    .filter((s) => s.owner === 'kit' && !isTest(s))
    .flatMap((s) =>
      s.imports
        .filter((i) => /^@wealist\/(?!contract\/|kit\/)/.test(i))
        .map((i) => `${s.path} imports ${i}: kit knows no service`),
    )
    .concat(
      sources
        .filter((s) => s.owner === 'kit' && !isTest(s))
        .flatMap((s) =>
          s.imports
            .filter(
              (i) => new RegExp(`^@wealist/contract/(${serviceNames.join('|')})(/|$)`).test(i) && !kitSpeaks.has(i),
            )
            .map((i) => `${s.path} imports ${i}: kit knows no business noun`),
        ),
    ),
]

/** 1, for the portal: it knows the wire and nothing behind it. */
export const portalKnowsTheWireAlone: Rule = (sources) =>
  sources
    .filter((s) => s.owner === 'ops-portal')
    .flatMap((s) =>
      s.imports
        .filter((i) => i.startsWith('../') || i.startsWith('node:') || /^@wealist\/(?!contract\/)/.test(i))
        .map((i) => `${s.path} imports ${i}: the portal imports contract and packages for browsers only`),
    )

// The two internal answers of user-service that every other service needs, so that kit asks for them once.
const kitSpeaks = new Set(['@wealist/contract/user'])

/** 2. SQL only in *.sql.ts, hono only in *.routes.ts and *.live.ts, the environment only in deps.ts; kit may. */
export const onePlaceEach: Rule = (sources) =>
  code(sources).flatMap((s) => {
    const file = s.path.split('/').at(-1)!
    const found: string[] = []
    if (
      !file.endsWith('.sql.ts') &&
      s.imports.some((i) => /^(pg|sql-template-tag|@wealist\/kit\/sql)$/.test(i) && usesSql(s, i))
    )
      found.push(`${s.path} touches SQL: only *.sql.ts does`)
    if (
      !/\.(routes|live)\.ts$/.test(file) &&
      s.imports.some((i) => i === 'hono' || i.startsWith('hono/') || i.startsWith('@hono/'))
    )
      found.push(`${s.path} touches hono: only *.routes.ts and *.live.ts do`)
    if (file !== 'deps.ts' && /\bprocess\.env\b/.test(s.text))
      found.push(`${s.path} reads the environment: only deps.ts does`)
    return found
  })

// Types are not SQL, nor are its errors, which have a file of their own: rules say by them what a constraint refused.
const usesSql = (s: Source, i: string) => {
  if (i !== '@wealist/kit/sql') return true
  const line = new RegExp(`import\\s+(type\\s+)?\\{([^}]*)\\}\\s*from\\s*['"]${i}['"]`).exec(s.text)
  if (!line || line[1]) return !line
  return line[2]!.split(',').some((n) => /^\s*(?!type\b)\w/.test(n))
}

/** 7. Every edge a service uses is in the topology: each `call('peer', …)` in its code. */
export const onlyKnownEdges: Rule = (sources) =>
  code(sources).flatMap((s) =>
    [...s.text.matchAll(/(?<!redis\.)\bcall\(\s*'(\w+)'/g)].flatMap(([, peer]) =>
      (topology[s.owner as ServiceName].calls as readonly string[]).includes(peer!)
        ? []
        : [`${s.path} calls ${peer}: ${s.owner} → ${peer} is not in the topology`],
    ),
  )
