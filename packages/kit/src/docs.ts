import { type Contract, isSocket, type NamedRoute, routesOf } from '@wealist/contract/route'
import type { ServiceName } from '@wealist/contract/topology'
import * as z from 'zod'
import { takesIfMatch } from './answer.ts'

const escaped = (s: string) => s.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`)
const prose = (s: string) => escaped(s).replace(/`([^`]+)`/g, '<code>$1</code>')
const verbs = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']
const byPath = ({ route: a }: NamedRoute, { route: b }: NamedRoute) =>
  a.path.localeCompare(b.path) || verbs.indexOf(a.method) - verbs.indexOf(b.method)
const pretty = (schema: z.ZodType, io: 'input' | 'output') => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  return escaped(JSON.stringify(rest, null, 2))
}
const part = (title: string, schema: z.ZodType | undefined, io: 'input' | 'output' = 'input') =>
  schema ? `<h4>${title}</h4><pre>${pretty(schema, io)}</pre>` : ''

const entry = ({
  name,
  route,
}: NamedRoute) => `<details id="${name}"><summary><b class="${route.method}">${route.method}</b> <code>${escaped(route.path)}</code>
<span>${prose(route.summary)}</span></summary><p>Name <code>${name}</code> · access <code>${route.access}${route.role ? ` (${route.role})` : ''}</code> · answers <code>${route.status ?? 200}</code>
${route.idempotent ? ' · takes <code>Idempotency-Key</code>' : ''}${route.versioned ? ' · <code>ETag</code>' : ''}${takesIfMatch(route) ? ' · takes <code>If-Match</code>' : ''}</p>
${part('Query', route.query)}${part('Body', route.body)}${typeof route.raw === 'object' ? part(`Body (<code>${route.raw.media}</code>)`, route.raw.schema) : ''}${route.example.body ? `<h4>Example</h4><pre>${escaped(JSON.stringify(route.example.body, null, 2))}</pre>` : ''}${part('Answer', route.response, 'output')}</details>`

const style = `:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}h1{font-size:1.5rem}h2{margin:2rem 0 .5rem;text-transform:capitalize}
details{border:1px solid #8884;border-radius:6px;margin:.35rem 0;padding:.5rem .8rem}summary{cursor:pointer}summary span{opacity:.7;margin-left:.6rem}pre{background:#8881;padding:.7rem;border-radius:6px;overflow:auto;font-size:13px}
b{display:inline-block;min-width:4.2rem}.GET{color:#1a7f5a}.POST{color:#1f6feb}.PUT,.PATCH{color:#9a6700}.DELETE{color:#cf222e}h4{margin:.8rem 0 .2rem}`

/** A reference page made from the contract alone: no script, nothing loaded from elsewhere. */
export const docsPage = (service: ServiceName, contract: Contract) => {
  const routes = routesOf(service, contract)
    .filter(({ route }) => route.access !== 'internal')
    .toSorted(byPath)
  const groups = Object.groupBy(routes, ({ name }) => name.split('.')[0]!)
  const sockets = Object.values(contract).flatMap((feature) => Object.values(feature).filter(isSocket))
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>weAlist ${service}: reference</title><style>${style}</style>
<h1>weAlist ${service}</h1><p>${routes.length} routes. The same as <a href="/openapi.json">OpenAPI 3.1</a>. Outside, <code>/api/svc/${service}</code> stands before every path.</p>
${Object.entries(groups)
  .map(([group, entries]) => `<h2>${group.replaceAll(/([A-Z])/g, ' $1')}</h2>${entries!.map(entry).join('')}`)
  .join('')}
${sockets.length ? `<h2>Sockets</h2>${sockets.map((s) => `<details><summary><b class="GET">WS</b> <code>${escaped(s.path)}</code><span>${prose(s.summary)}</span></summary>${part('You send', s.incoming)}${part('You receive', s.outgoing, 'output')}</details>`).join('')}` : ''}</html>`
}

/** The page needs its own style and nothing else. */
export const docsPolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
