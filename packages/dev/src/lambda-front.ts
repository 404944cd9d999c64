import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ServiceName } from '@wealist/contract/topology'
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import { type LambdaFunctionHandle, mostBytes, Throttled } from './lambda-function.ts'
import { isSigned } from './lambda-signature.ts'
import { piped } from './lambda-stream.ts'
import type { startWebSocketApi } from './websocket-api.ts'

/** The functions of one service, and what stands before its sockets. */
export interface Behind {
  service: ServiceName
  http: LambdaFunctionHandle
  stream?: LambdaFunctionHandle | undefined
  sockets?: Awaited<ReturnType<typeof startWebSocketApi>> | undefined
}

/**
 * What clients and peers meet of a service on Lambda: an HTTP API's events (payload 2.0), a Function URL that streams,
 * a WebSocket API behind the router that makes `?path=` of a path, and for peers a Function URL that takes signed calls
 * alone. With their limits: 6 MB each way, as long as the function may take.
 */
export const startFront = async ({ service, http, stream, sockets }: Behind, port: number) => {
  const server = createServer((request, response) => {
    request.url = withoutPrefix(service, request.url)
    const answering = async () => {
      const body = await bodyOf(request)
      if (!body) return refuse(response, 413, 'Request Too Long')
      if (request.url?.startsWith('/internal/') && !(await isSigned(request, body)))
        return refuse(response, 403, 'Forbidden')
      const event = eventOf(service, request, body)
      if (stream && /^\/api\/notifications\/stream(\?|$)/.test(request.url ?? ''))
        return piped(await stream.stream(event), response)
      const answer = await http.call<APIGatewayProxyStructuredResultV2>(event)
      const text = Buffer.from(answer.body ?? '', answer.isBase64Encoded ? 'base64' : 'utf8')
      for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, String(value))
      if (answer.cookies) response.setHeader('set-cookie', answer.cookies)
      response.writeHead(answer.statusCode ?? 200).end(text)
    }
    answering().catch((error: unknown) =>
      error instanceof Throttled
        ? refuse(response, 503, 'Service Unavailable')
        : refuse(response, 500, 'Internal Server Error'),
    )
  })
  server.on('upgrade', (request, socket, head) => {
    if (!sockets) return void socket.end('HTTP/1.1 404 Not Found\r\n\r\n')
    const url = new URL(withoutPrefix(service, request.url), 'http://router')
    url.searchParams.set('path', url.pathname)
    sockets.upgrade(request, `?${url.searchParams}`, socket, head)
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

// Peers and the local gateway ask without it, clients of the previews with it.
const withoutPrefix = (service: ServiceName, url = '/') =>
  url.startsWith(`/api/svc/${service}/`) ? url.slice(`/api/svc/${service}`.length) : url

// What API Gateway itself says, which is none of the contract's bodies.
const refuse = (response: ServerResponse, status: number, message: string) => {
  if (response.headersSent) return void response.destroy()
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ message }))
}

const bodyOf = async (request: IncomingMessage): Promise<Buffer | undefined> => {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += (chunk as Buffer).length
    if (size > mostBytes) return undefined
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks)
}

const eventOf = (service: ServiceName, request: IncomingMessage, body: Buffer): APIGatewayProxyEventV2 => {
  const url = new URL(request.url ?? '/', 'http://gateway')
  const rawPath = url.pathname.startsWith('/internal/') ? url.pathname : `/api/svc/${service}${url.pathname}`
  const { cookie, ...headers } = request.headers
  const now = new Date()
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString: url.search.slice(1),
    ...(cookie && { cookies: cookie.split(/; */) }),
    headers: {
      ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
      'x-forwarded-for': request.headers['x-forwarded-for']?.toString() ?? request.socket.remoteAddress ?? '',
    },
    requestContext: {
      accountId: '000000000000',
      apiId: 'local',
      domainName: 'localhost',
      domainPrefix: 'local',
      http: {
        method: request.method ?? 'GET',
        path: rawPath,
        protocol: 'HTTP/1.1',
        sourceIp: '127.0.0.1',
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: crypto.randomUUID(),
      routeKey: '$default',
      stage: '$default',
      time: now.toISOString(),
      timeEpoch: now.getTime(),
    },
    isBase64Encoded: body.length > 0,
    ...(body.length > 0 && { body: body.toString('base64') }),
  }
}
