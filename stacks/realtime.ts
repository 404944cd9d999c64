import { contracts } from '@wealist/contract/contracts'
import { isSocket } from '@wealist/contract/route'
import { type ServiceName, serviceNames } from '@wealist/contract/topology'
import type { MadeFunction } from './functions.ts'
import { titled } from './secrets.ts'

export type SocketApis = Partial<Record<ServiceName, sst.aws.ApiGatewayWebSocket>>

/** Where sockets open, up to the first parameter: `/api/svc/chat/api/chats/ws`. */
export const socketPaths = (service: ServiceName) => {
  const all = Object.values(contracts[service])
    .flatMap((feature) => Object.values(feature))
    .filter(isSocket)
    .map(({ path }) => `/api/svc/${service}${path.split('/{')[0]}`)
  const paths = [...new Set(all)]
  return paths.filter((path) => !paths.some((other) => other !== path && path.startsWith(`${other}/`)))
}

/** Services that have sockets in the contract. */
export const withSockets = serviceNames.filter((service) => socketPaths(service).length > 0)

/** A WebSocket API for each service that has sockets; made before the functions, whose environment names it. */
export const makeSocketApis = (): SocketApis =>
  Object.fromEntries(
    withSockets.map((service) => [
      service,
      new sst.aws.ApiGatewayWebSocket(`${titled(service)}Sockets`, { accessLog: { retention: '1 week' } }),
    ]),
  )

/** Who opens a socket, what comes over it, and its end: one function. */
export const routeSockets = (apis: SocketApis, functions: MadeFunction[]) => {
  for (const { service, kind, fn } of functions)
    if (kind === 'socket')
      for (const route of ['$connect', '$default', '$disconnect']) apis[service]!.route(route, fn.arn)
}
