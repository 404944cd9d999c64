import { type Contract, isRoute, isSocket } from '@wealist/contract/route'
import type { ServiceName } from '@wealist/contract/topology'
import type * as z from 'zod'
import type { Base } from './context.ts'
import type { JobSpec } from './jobs.ts'
import type { Socket } from './live/socket.ts'
import type { Mounted } from './mount.ts'

/** What a service is. Its `service.ts` says this and nothing else. */
export interface ServiceSpec<S extends z.ZodObject = z.ZodObject, D = object> {
  name: ServiceName
  contract: Contract
  config: S
  /** Opens what the service has besides kit's base; `close` is called last. */
  open(config: z.output<S>, base: Base): D | Promise<D>
  features: readonly (readonly Mounted[])[]
  sockets?: readonly Socket[]
  jobs?: readonly JobSpec[]
  /** Folder of its numbered SQL files; none for a service whose tables another one owns. */
  migrations?: URL
}

/** A service that mounts what its contract promises, once each; throws where it does not. */
export const service = <S extends z.ZodObject, D extends object>(spec: ServiceSpec<S, D>): ServiceSpec<S, D> => {
  const name = (path: string, method: string) => `${method} ${path}`
  const promised = Object.values(spec.contract).flatMap((f) => Object.values(f))
  const routes = new Set(promised.filter(isRoute).map((r) => name(r.path, r.method)))
  for (const { route } of spec.features.flat())
    if (!routes.delete(name(route.path, route.method)))
      throw new Error(`${spec.name}: ${route.method} ${route.path} is mounted twice or not in the contract`)
  if (routes.size > 0) throw new Error(`${spec.name}: in the contract and not mounted: ${[...routes].join(', ')}`)
  const sockets = promised.filter(isSocket).length
  if (!spec.migrations && (spec.jobs || spec.features.flat().some(({ route }) => route.idempotent)))
    throw new Error(`${spec.name}: jobs and idempotent routes need kit's tables, which come with migrations`)
  if (sockets !== (spec.sockets?.length ?? 0))
    throw new Error(`${spec.name}: the contract has ${sockets} sockets, mounted are ${spec.sockets?.length ?? 0}`)
  return spec
}
