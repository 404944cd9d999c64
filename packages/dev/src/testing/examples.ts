import { urlOf } from '@wealist/contract/call'
import { contracts } from '@wealist/contract/contracts'
import { type NamedRoute, routesOf } from '@wealist/contract/route'
import { serviceNames } from '@wealist/contract/topology'
import type { Init } from './lambda-event.ts'

/** Every route of every service. */
export const everyRoute: NamedRoute[] = serviceNames.flatMap((name) => routesOf(name, contracts[name]))

export type Ids = Record<string, string>

/** Puts the ids of the fixtures in the place of their names: `$task` becomes the id of the task. */
export const fill = <T>(example: T, ids: Ids): T =>
  JSON.parse(
    JSON.stringify(example ?? {}).replace(/"\$(\w+)"/g, (_, name: string) => {
      const id = ids[name]
      if (id === undefined) throw new Error(`no fixture is called $${name}: add it to testing/world.ts`)
      return JSON.stringify(id)
    }),
  ) as T

/** The example of a route as a request, relative to the service's root. */
export const requestOf = ({ route }: NamedRoute, ids: Ids, as: { token?: string; key?: string } = {}) => {
  const { params, query, body } = fill(route.example, ids)
  const headers: Record<string, string> = {}
  if (as.token) headers['authorization'] = `Bearer ${as.token}`
  if (as.key) headers['x-internal-api-key'] = as.key
  if (body !== undefined) headers['content-type'] = 'application/json'
  const init: Init = { method: route.method, headers, redirect: 'manual' }
  if (body !== undefined) init.body = JSON.stringify(body)
  return { path: urlOf('', route, { params, query }), init }
}
