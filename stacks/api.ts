import { barePaths, type ServiceName, serviceNames, topology } from '@wealist/contract/topology'
import type { MadeFunction } from './functions.ts'
import { titled } from './secrets.ts'

/** Every path of the outside with the service that answers it; what is not here does not exist. */
export const publicRoutes = (): { service: ServiceName; path: string }[] => [
  ...serviceNames.flatMap((service) =>
    topology[service].public.map((pattern) => ({ service, path: `/api/svc/${service}${pattern}` })),
  ),
  ...barePaths.map((path) => ({ service: 'auth' as const, path })),
]

/** ONE HTTP API: a route for each public path of the topology, bare and with what lies below. */
export const makeApi = (functions: MadeFunction[]) => {
  // Services answer CORS themselves, by their own list.
  const api = new sst.aws.ApiGatewayV2('Api', { cors: false, accessLog: { retention: '1 week' } })
  const { api: gateway } = api.nodes
  const integrations = Object.fromEntries(
    functions
      .filter(({ kind }) => kind === 'http')
      .map(({ service, fn }) => {
        const permission = new aws.lambda.Permission(`Api${titled(service)}Permission`, {
          action: 'lambda:InvokeFunction',
          function: fn.name,
          principal: 'apigateway.amazonaws.com',
          sourceArn: $interpolate`${gateway.executionArn}/*`,
        })
        const integration = new aws.apigatewayv2.Integration(
          `Api${titled(service)}`,
          {
            apiId: gateway.id,
            integrationType: 'AWS_PROXY',
            integrationUri: fn.arn,
            payloadFormatVersion: '2.0',
            timeoutMilliseconds: 30_000,
          },
          { dependsOn: [permission] },
        )
        return [service, integration]
      }),
  ) as Record<ServiceName, aws.apigatewayv2.Integration>
  for (const { service, path } of publicRoutes())
    for (const routeKey of [`ANY ${path.slice(0, -2)}`, `ANY ${path.replace(/\*$/, '{proxy+}')}`])
      new aws.apigatewayv2.Route(`Api ${routeKey}`.replace(/[^A-Za-z0-9]+/g, '-'), {
        apiId: gateway.id,
        routeKey,
        target: $interpolate`integrations/${integrations[service].id}`,
      })
  return api
}
