import type { ServiceName } from '@wealist/contract/topology'
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'

export type Handler = (event: APIGatewayProxyEventV2, context: never) => Promise<APIGatewayProxyStructuredResultV2>

/** A request as the tests write one. */
export type Init = Omit<RequestInit, 'headers'> & { headers: Record<string, string> }

/** The event that API Gateway (HTTP API, payload 2.0) makes of a request to `/api/svc/<service>/…`. */
export const eventOf = (service: ServiceName, path: string, init: Init): APIGatewayProxyEventV2 => {
  const url = new URL(path, 'http://gateway')
  const rawPath = url.pathname.startsWith('/api/svc/') ? url.pathname : `/api/svc/${service}${url.pathname}`
  const method = init.method ?? 'GET'
  const event: APIGatewayProxyEventV2 = {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString: url.search.slice(1),
    headers: { host: 'gateway', 'x-forwarded-for': '127.0.0.1', ...init.headers },
    requestContext: {
      accountId: '0',
      apiId: 'test',
      domainName: 'gateway',
      domainPrefix: 'gateway',
      http: { method, path: rawPath, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'test' },
      requestId: 'test',
      routeKey: '$default',
      stage: '$default',
      time: new Date().toISOString(),
      timeEpoch: Date.now(),
    },
    isBase64Encoded: init.body !== undefined,
  }
  if (init.body !== undefined) event.body = Buffer.from(init.body as string | Uint8Array).toString('base64')
  return event
}

/** Sends a request through a Lambda handler and gives what API Gateway would answer. */
export const throughLambda = async (handler: Handler, service: ServiceName, request: { path: string; init: Init }) => {
  const result = await handler(eventOf(service, request.path, request.init), {} as never)
  const body = result.isBase64Encoded ? Buffer.from(result.body ?? '', 'base64').toString() : (result.body ?? '')
  return { status: result.statusCode ?? 200, headers: (result.headers ?? {}) as Record<string, string>, body }
}
