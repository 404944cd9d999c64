import { type Contract, isSocket, type NamedRoute, routesOf, type SocketSpec } from '@wealist/contract/route'
import type { ServiceName } from '@wealist/contract/topology'
import * as z from 'zod'
import { takesIfMatch } from './answer.ts'
import { manners, socketManners } from './manners.ts'

const escaped = (s: string) => s.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`)
const prose = (s: string) => escaped(s).replace(/`([^`]+)`/g, '<code>$1</code>')
const verbs = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']
const byPath = ({ route: a }: NamedRoute, { route: b }: NamedRoute) =>
  a.path.localeCompare(b.path) || verbs.indexOf(a.method) - verbs.indexOf(b.method)
const pretty = (schema: z.ZodType, io: 'input' | 'output') => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    // The pattern of a format is a line of signs that says what its name says.
    override: ({ jsonSchema }) => void (jsonSchema.format && delete jsonSchema.pattern),
  })
  return escaped(JSON.stringify(rest, null, 2))
}
const part = (title: string, schema: z.ZodType | undefined, io: 'input' | 'output' = 'input') =>
  schema ? `<h3>${title}</h3><pre>${pretty(schema, io)}</pre>` : ''
const json = (title: string, value: unknown) =>
  value === undefined ? '' : `<h3>${title}</h3><pre>${escaped(JSON.stringify(value, null, 2))}</pre>`

// The name stands inside what opens, so that a link to it opens it, and no script is needed.
const entry = ({
  name,
  route,
}: NamedRoute) => `<details><summary><b class="${route.method}">${route.method}</b> <code>${escaped(route.path)}</code>
<span>${prose(route.summary)}</span></summary><p id="${name}">Name <a href="#${name}"><code>${name}</code></a> · access <code>${route.access}${route.role ? ` (${route.role})` : ''}</code> · answers <code>${route.status ?? 200}</code>
${route.maxBody ? ` · a body of ${route.maxBody / 1024} KB at most` : ''}${route.limit === 'sign-in' ? ' · 30 a minute' : ''}${route.idempotent ? ' · takes <code>Idempotency-Key</code>' : ''}${route.versioned ? ' · <code>ETag</code>' : ''}${takesIfMatch(route) ? ' · takes <code>If-Match</code>' : ''}</p>
${part('Path', route.params)}${part('Query', route.query)}${json('Example of a query', route.example.query)}${part('Body', route.body)}${typeof route.raw === 'object' ? part(`Body (<code>${route.raw.media}</code>)`, route.raw.schema) : ''}${json('Example', route.example.body)}${part('Answer', route.response, 'output')}</details>`

const socket = ({ path, summary, query, incoming, outgoing }: SocketSpec) =>
  `<details><summary><b class="GET">WS</b> <code>${escaped(path)}</code><span>${prose(summary)}</span></summary>${part('Query', query)}${part('You send', incoming)}${part('You receive', outgoing, 'output')}</details>`

const sentences = (lines: readonly string[]) => `<ul>${lines.map((line) => `<li>${prose(line)}</li>`).join('\n')}</ul>`

const style = `:root{color-scheme:light dark}*{box-sizing:border-box}body{background:canvas;color:canvastext;font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}h1{font-size:1.5rem}h2{margin:2rem 0 .5rem;text-transform:capitalize}
details{border:1px solid #8884;border-radius:6px;margin:.35rem 0;padding:.5rem .8rem}summary{cursor:pointer;overflow-wrap:anywhere}summary span{opacity:.75;margin-left:.6rem}pre{background:#8881;padding:.7rem;border-radius:6px;font-size:13px}pre,code{white-space:pre-wrap;overflow-wrap:anywhere}
a{color:light-dark(#0b57d0,#8ab4f8)}:focus-visible{outline:2px solid light-dark(#0b57d0,#8ab4f8);outline-offset:2px}p[id],h2[id]{scroll-margin-top:4rem}nav{display:flex;flex-wrap:wrap;gap:.2rem .9rem;text-transform:capitalize}ul{padding-left:1.2rem}
b{display:inline-block;min-width:4.2rem}.GET{color:light-dark(#1a7f5a,#4cc38a)}.POST{color:light-dark(#0b5cd5,#79b0ff)}.PUT,.PATCH{color:light-dark(#8a5a00,#e3b341)}.DELETE{color:light-dark(#c01c28,#ff8a80)}h3{font-size:1rem;margin:.8rem 0 .2rem}`

/** A reference page made from the contract alone: no script, nothing loaded from elsewhere. */
export const docsPage = (service: ServiceName, contract: Contract) => {
  const routes = routesOf(service, contract)
    .filter(({ route }) => route.access !== 'internal')
    .toSorted(byPath)
  const groups = Object.groupBy(routes, ({ name }) => name.split('.')[0]!)
  const sockets = Object.values(contract).flatMap((feature) => Object.values(feature).filter(isSocket))
  const titles = Object.keys(groups).map((group) => [group, group.replaceAll(/([A-Z])/g, ' $1')] as const)
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>weAlist ${service}: reference</title><link rel="icon" href="data:,"><style>${style}</style>
<main><h1>weAlist ${service}</h1><p>${routes.length} routes. The same as <a href="/openapi.json">OpenAPI 3.1</a>.</p><details open><summary>Before the first request</summary>${sentences(manners(service))}</details>
<nav aria-label="Features">${titles.map(([group, title]) => `<a href="#of-${group}">${title}</a>`).join('')}${sockets.length ? '<a href="#of-sockets">Sockets</a>' : ''}</nav>
${titles.map(([group, title]) => `<h2 id="of-${group}">${title}</h2>${groups[group]!.map(entry).join('')}`).join('')}
${sockets.length ? `<h2 id="of-sockets">Sockets</h2>${sentences(socketManners)}${sockets.map(socket).join('')}` : ''}</main></html>`
}

/** The page needs its own style and nothing else. */
export const docsPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"
