import { barePaths, type ServiceName, serviceNames, topology, under } from '@wealist/contract/topology'

/** Where a request of the outside goes: the service, and the path as the service sees it. */
export interface Target {
  service: ServiceName
  path: string
}

/**
 * The gateway's routes, from the topology: `/api/svc/<name>/<public path>`, and a few paths of auth as they are. Matched
 * on the normalised path, so that `..`, `//` and encoded letters open nothing; everything else does not exist.
 */
export const routeOf = (target: string): Target | undefined => {
  const at = target.indexOf('?')
  const [raw, query] = at < 0 ? [target, ''] : [target.slice(0, at), target.slice(at)]
  const path = normalised(raw)
  if (path === undefined) return undefined
  if (barePaths.some((pattern) => under(pattern, path))) return { service: 'auth', path: path + query }
  const [, name, inner] = /^\/api\/svc\/([a-z]+)(\/.*)$/.exec(path) ?? []
  const service = serviceNames.find((s) => s === name)
  if (!service || inner === undefined || !topology[service].public.some((pattern) => under(pattern, inner)))
    return undefined
  return { service, path: inner + query }
}

// One meaning a path: no dot segments, no empty segments, no encoded slash, dot, percent sign or backslash.
const normalised = (path: string) => {
  if (!path.startsWith('/') || path.includes('//') || path.includes('\\') || /%(2e|2f|5c|25|00)/i.test(path))
    return undefined
  if (path.split('/').some((segment) => segment === '.' || segment === '..')) return undefined
  return path
}
