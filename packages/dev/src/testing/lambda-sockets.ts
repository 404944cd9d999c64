import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ServiceName } from '@wealist/contract/topology'
import type { Config, Env } from '@wealist/kit/config'
import { lambda } from '@wealist/kit/lambda'
import { lambdaSocket } from '@wealist/kit/lambda-socket'
import type { ServiceSpec } from '@wealist/kit/service'
import { startLambdaService } from '../lambda-service.ts'
import { startWebSocketApi } from '../websocket-api.ts'
import { type Handler, throughLambda } from './lambda-event.ts'
import { heard, level, logTo } from './log.ts'

/** LAMBDA_PROCESSES=1: the same tests through the built bundles, as real processes of the Lambda runtime. */
export const asProcesses = process.env['LAMBDA_PROCESSES'] === '1'

export const startAsProcesses = async (service: ServiceName, env: Env, streamFor?: number) => {
  const given = { ...env, WEBSOCKET_API_URL: undefined }
  const running = await startLambdaService(service, { env: given, port: 0, onLine: heard, streamFor })
  const url = `http://127.0.0.1:${running.port}`
  return {
    url,
    /** Streams under way. */
    get running() {
      return running.streams
    },
    socketUrl: (path: string) => url.replace('http', 'ws') + path,
    stop: () => running.stop(),
  }
}

/**
 * A service that a test has, once more behind its Lambda adapters, on the same data: requests as API Gateway hands them
 * over, and sockets behind the stand-in of a WebSocket API.
 */
export const startLambdas = async (service: ServiceName, spec: ServiceSpec, config: Config) => {
  const env = {
    ENVIRONMENT: 'test',
    DATABASE_URL: config.DATABASE_URL,
    REDIS_URL: config.REDIS_URL,
    REDIS_PREFIX: config.REDIS_PREFIX,
    USER_URL: config.USER_URL,
    AUTH_ISSUER: config.AUTH_ISSUER,
    AUTH_MODE: 'gateway',
    INTERNAL_KEYS: 'test-key',
    RATE_LIMIT: '0',
    LOG_LEVEL: level,
    WEBSOCKET_API_URL: '',
  }
  if (asProcesses) return startAsProcesses(service, env)
  // The SDK signs what it posts; whose keys these are the stand-in does not ask.
  process.env['AWS_REGION'] ??= 'ap-northeast-2'
  process.env['AWS_ACCESS_KEY_ID'] ??= 'test'
  process.env['AWS_SECRET_ACCESS_KEY'] ??= 'test'
  const sockets = { handler: undefined as ReturnType<typeof lambdaSocket> | undefined }
  const api = await startWebSocketApi({
    handler: (event) => (sockets.handler ??= lambdaSocket(spec, env, { logTo }))(event as never),
  })
  env.WEBSOCKET_API_URL = api.endpoint
  const handler = lambda(spec, env, { logTo }) as Handler
  const http = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray())
    const headers = Object.fromEntries(Object.entries(request.headers).map(([k, v]) => [k, String(v)]))
    const init = { method: request.method ?? 'GET', headers, ...(body.length > 0 && { body: body.toString() }) }
    const answer = await throughLambda(handler, service, { path: request.url ?? '/', init })
    response.writeHead(answer.status, answer.headers).end(answer.body)
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    /** Where a socket of this path opens: CloudFront makes `?path=` of it. */
    socketUrl: (path: string) => {
      const url = new URL(path, 'ws://api')
      url.searchParams.set('path', url.pathname)
      return `${api.url}?${url.searchParams}`
    },
    stop: async () => {
      await api.stop()
      http.closeAllConnections()
      await new Promise<void>((resolve) => http.close(() => resolve()))
    },
  }
}
