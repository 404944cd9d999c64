import { contracts } from '@wealist/contract/contracts'
import { isSocket, routesOf } from '@wealist/contract/route'
import { barePaths, type ServiceName, serviceNames } from '@wealist/contract/topology'

/** A path that the gateway lets in without a token. `{*}` stands for one segment. */
export interface Open {
  service: ServiceName
  method: string
  path: string
}

// In an order that does not depend on who loads the contract: what is rendered is compared.
const sorted = (all: Open[]) =>
  all.toSorted((a, b) => `${a.service} ${a.path} ${a.method}`.localeCompare(`${b.service} ${b.path} ${b.method}`))

const templated = (path: string) => path.replaceAll(/\{\w+\}/g, '{*}')

/** Routes that the contract calls public: anybody may ask. */
export const publicRoutes: Open[] = sorted(
  serviceNames.flatMap((service) =>
    routesOf(service, contracts[service])
      .filter(({ route }) => route.access === 'public')
      .map(({ route }) => ({ service, method: route.method, path: templated(route.path) })),
  ),
)

/** Sockets and streams, whose clients can send no header: the service redeems a ticket itself. */
export const ticketRoutes: Open[] = sorted(
  serviceNames.flatMap((service) => [
    ...routesOf(service, contracts[service])
      .filter(({ route }) => route.stream)
      .map(({ route }) => ({ service, method: 'GET', path: templated(route.path) })),
    ...Object.values(contracts[service])
      .flatMap((feature) => Object.values(feature))
      .filter(isSocket)
      .map(({ path }) => ({ service, method: 'GET', path: templated(path) })),
  ]),
)

/** As the gateway sees it: with its prefix, and where auth answers it as it is, without. */
export const outsideOf = ({ service, path }: Pick<Open, 'service' | 'path'>) => {
  const bare = service === 'auth' && barePaths.some((pattern) => path.startsWith(pattern.slice(0, -1)))
  return [`/api/svc/${service}${path}`, ...(bare ? [path] : [])]
}
