import { type Manifest, ofKind } from './objects.ts'

/** A request as it comes to the gateway. */
export interface Asked {
  host: string
  method: string
  path: string
  /** The issuer of a valid token; undefined without one. */
  issuer?: string
}
/** What becomes of it: a service and the path it sees, or who refused. */
export type Outcome =
  | { service: string; path: string; live: boolean }
  | { refused: 'path' | 'policy' | 'route' | 'pod' }

/** Istio's path patterns: `/a/*`, `*` + `/a`, `{*}` for one segment, else the very path. */
const pathMatches = (pattern: string, path: string) => {
  if (pattern.includes('{*}')) return new RegExp(`^${escaped(pattern).replaceAll('\\{\\*\\}', '[^/]+')}$`).test(path)
  if (pattern.endsWith('*')) return path.startsWith(pattern.slice(0, -1))
  if (pattern.startsWith('*')) return path.endsWith(pattern.slice(1))
  return path === pattern
}
const escaped = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
const oneOf = (patterns: string[] | undefined, value: string | undefined) =>
  !patterns || (value !== undefined && patterns.some((pattern) => pathMatches(pattern, value)))

interface Subject {
  host?: string
  method: string
  path: string
  port?: string
  principal?: string | undefined
  requestPrincipal?: string | undefined
}

/** Whether the ALLOW policies of a workload let a request in. Without any, everything is; with one, what it says alone. */
export const allowed = (objects: Manifest[], namespace: string, app: string, subject: Subject) => {
  const policies = ofKind(objects, 'AuthorizationPolicy').filter(
    ({ metadata, spec }) =>
      metadata.namespace === namespace && (spec.selector ? spec.selector.matchLabels.app === app : true),
  )
  if (policies.length === 0) return true
  return policies.some(({ spec }) => ((spec.rules ?? []) as Rule[]).some((rule) => ruleMatches(rule, subject)))
}
interface Rule {
  from?: { source: { principals?: string[]; requestPrincipals?: string[] } }[]
  to?: { operation: { hosts?: string[]; methods?: string[]; paths?: string[]; ports?: string[] } }[]
}
const ruleMatches = ({ from, to }: Rule, subject: Subject) =>
  (!from ||
    from.some(
      ({ source }) =>
        oneOf(source.principals, subject.principal) && oneOf(source.requestPrincipals, subject.requestPrincipal),
    )) &&
  (!to ||
    to.some(
      ({ operation }) =>
        oneOf(operation.hosts, subject.host) &&
        oneOf(operation.methods, subject.method) &&
        oneOf(operation.paths, subject.path) &&
        oneOf(operation.ports, subject.port),
    ))

/** Envoy's normalisation as the gateway's filter sets it; undefined where it answers 400. */
const normalised = (path: string) => {
  if (/%(2f|5c|00)/i.test(path)) return undefined
  const resolved = new URL(path.replaceAll(/\/{2,}/g, '/'), 'http://gateway').pathname
  return resolved.replaceAll(/\/{2,}/g, '/')
}

interface HttpRoute {
  match?: { uri: { exact?: string; prefix?: string; regex?: string }; method?: { exact: string } }[]
  rewrite?: { uriRegexRewrite: { match: string; rewrite: string } }
  route: { destination: { host: string; port: { number: number } } }[]
  timeout: string
}
const uriMatches = (uri: { exact?: string; prefix?: string; regex?: string }, path: string) =>
  uri.exact !== undefined
    ? path === uri.exact
    : uri.prefix !== undefined
      ? path.startsWith(uri.prefix)
      : new RegExp(`^(?:${uri.regex})$`).test(path)

/** The way of a request: the gateway's filters, its policy, its routes, and the policy of the pod it is sent to. */
export const wayOf = (objects: Manifest[], { host, method, path: raw, issuer }: Asked): Outcome => {
  const path = normalised(raw)
  if (path === undefined) return { refused: 'path' }
  const requestPrincipal = issuer && `${issuer}/somebody`
  if (!allowed(objects, 'istio-ingress', 'gateway', { host, method, path, requestPrincipal }))
    return { refused: 'policy' }
  const hosts = ofKind(objects, 'VirtualService').filter(({ spec }) => (spec.hosts as string[]).includes(host))
  const found = hosts
    .flatMap(({ spec }) => spec.http as HttpRoute[])
    .find(
      ({ match }) => !match || match.some((m) => uriMatches(m.uri, path) && (!m.method || m.method.exact === method)),
    )
  if (!found) return { refused: 'route' }
  const { host: to, port } = found.route[0]!.destination
  const [service, namespace] = to.split('.') as [string, string]
  const rewrite = found.rewrite?.uriRegexRewrite
  const seen = rewrite ? path.replace(new RegExp(rewrite.match), rewrite.rewrite.replaceAll(/\\(\d)/g, '$$$1')) : path
  const principal = 'cluster.local/ns/istio-ingress/sa/gateway'
  if (!allowed(objects, namespace, service, { method, path: seen, port: String(port.number), principal }))
    return { refused: 'pod' }
  return { service, path: seen, live: found.timeout === '0s' }
}
