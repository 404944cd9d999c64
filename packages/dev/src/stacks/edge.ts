import { runInNewContext } from 'node:vm'
import { ofType, type Resource } from './resources.ts'

interface Entries {
  store: string
  namespace: string
  entries: Record<string, string>
}
interface RouteUpdate {
  key: string
  namespace: string
  entry: string
}

/**
 * What CloudFront does with a request of a stage: its own function's code is run, on the keys that the program writes, and
 * gives the origin, the path there and the query.
 */
export const openEdge = (resources: Resource[]) => {
  const { code } = ofType(resources, 'aws:cloudfront/function:Function').find(({ name }) => name.endsWith('Request'))!
    .inputs as { code: string }
  const dynamic = ofType(resources, 'pulumi-nodejs:dynamic:Resource').map(({ inputs }) => inputs)
  const store = new Map<string, string>()
  for (const { namespace, entries } of dynamic.filter((d) => 'entries' in d) as unknown as Entries[])
    for (const [key, value] of Object.entries(entries)) store.set(`${namespace}:${key}`, value)
  const routes = dynamic.filter((d) => 'entry' in d) as unknown as RouteUpdate[]
  store.set(`${routes[0]!.namespace}:routes`, JSON.stringify(routes.map(({ entry }) => entry)))

  return async (uri: string) => {
    let origin: { domainName: string } | undefined
    const cf = {
      kvs: () => ({
        get: async (key: string) => store.get(key) ?? Promise.reject(new Error(`no key ${key}`)),
      }),
      updateRequestOrigin: (given: { domainName: string }) => void (origin = given),
    }
    const handler = runInNewContext(`${code.replace(/import cf from "cloudfront";/, '')}; handler`, {
      cf,
      require: () => undefined,
    }) as (event: unknown) => Promise<{ uri: string; querystring: Record<string, { value: string }> }>
    const request = {
      method: 'GET',
      uri,
      querystring: {} as Record<string, { value: string }>,
      headers: { host: { value: 'pr-7.wealist.example' } },
      cookies: {},
    }
    const answer = await handler({ request, version: '1.0', context: {}, viewer: {} })
    return { origin: origin?.domainName, uri: answer.uri, path: answer.querystring['path']?.value }
  }
}
