import { contracts } from '@wealist/contract/contracts'
import { ErrorBody } from '@wealist/contract/problem'
import { type RouteSpec, routesOf } from '@wealist/contract/route'
import { type ServiceName, serviceNames } from '@wealist/contract/topology'
import type { World } from '../src/testing/world.ts'
import type { Asked, Operation } from './fuzz.inputs.ts'

export interface Target {
  service: ServiceName
  method: string
  path: string
  operation: Operation
  /** What a success looks like. */
  route: RouteSpec
}

/** Every operation of every service's own document. */
export const targetsOf = async (world: World): Promise<Target[]> => {
  const all = await Promise.all(
    serviceNames.map(async (service) => {
      const { paths } = (await (await fetch(`${world.url(service)}/openapi.json`)).json()) as {
        paths: Record<string, Record<string, Operation>>
      }
      const routes = new Map(routesOf(service, contracts[service]).map(({ name, route }) => [name, route]))
      return Object.entries(paths).flatMap(([path, methods]) =>
        Object.entries(methods).map(([method, operation]): Target => {
          const route = routes.get(operation.operationId)
          if (!route) throw new Error(`${service} documents ${operation.operationId}, which the contract does not have`)
          return { service, method: method.toUpperCase(), path, operation, route }
        }),
      )
    }),
  )
  return all.flat()
}

const mostMs = 15_000

/** Asks, and tells what is wrong with the answer; `foreign` are ids of somebody else's tenant. */
export const ask = async (
  world: World,
  target: Target,
  asked: Asked,
  as: { token: string; foreign: readonly string[] },
) => {
  const { service, method, operation } = target
  const part = (text: string) => encodeURIComponent(text.toWellFormed()) || '%20'
  const path = target.path.replace(/\{(\w+)\}/g, (_, name: string) => part(asked.params[name]!))
  const query = asked.query.map(([name, value]) => `${part(name)}=${part(value)}`).join('&')
  const url = `${world.url(service)}${path}${query && `?${query}`}`
  const headers = new Headers({ authorization: `Bearer ${as.token}` })
  for (const [name, value] of Object.entries(asked.headers)) headers.set(name, value)
  if (asked.body !== undefined) headers.set('content-type', 'application/json')
  const init: RequestInit = { method, headers, redirect: 'manual', signal: AbortSignal.timeout(mostMs) }
  if (asked.body !== undefined) init.body = asked.body.toWellFormed()
  const response = await fetch(url, init)
  const { status } = response
  // Node's own parser has refused it, before there was a request.
  if (status === 431) return { status, faults: [], request: url }
  const faults: string[] = []
  const stream = response.headers.get('content-type')?.startsWith('text/event-stream')
  if (stream) await response.body!.cancel()
  const text = stream ? '' : await response.text()
  if (status === 500) faults.push('500')
  // There is no LiveKit here.
  if (status === 503 && !operation.operationId.startsWith('calls.')) faults.push('503')
  if (!(String(status) in operation.responses)) faults.push(`${status} is not in the document`)
  if (!response.headers.get('x-request-id')) faults.push('no x-request-id')
  if (!stream) faults.push(...misfits(target.route, response, text))
  const told = `${url} ${asked.body ?? ''}`
  for (const id of as.foreign) if (text.includes(id) && !told.includes(id)) faults.push(`tells ${id} of another tenant`)
  return {
    status,
    faults,
    request: `${method} ${url.slice(0, 600)} ${(asked.body ?? '').slice(0, 600)} → ${status} ${text.slice(0, 600)}`,
  }
}

const misfits = (route: RouteSpec, response: Response, text: string): string[] => {
  const { status } = response
  const json = response.headers.get('content-type')?.startsWith('application/json') ?? false
  if (status >= 400) {
    const parsed = json ? ErrorBody.safeParse(JSON.parse(text)) : undefined
    return parsed?.success ? [] : ['an error that is none of the contract']
  }
  if (status === 204 || status === 302) return text === '' ? [] : [`a body with ${status}`]
  if (!json) return route.media ? [] : [`answers ${response.headers.get('content-type')}`]
  const fits = route.response?.safeParse(JSON.parse(text))
  return fits && !fits.success ? [`the answer does not fit: ${JSON.stringify(fits.error.issues.slice(0, 3))}`] : []
}
