import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Writable } from 'node:stream'

/** A handler as the Lambda runtime calls one that `awslambda.streamifyResponse` marked. */
export type StreamingHandler = (
  event: unknown,
  response: Writable,
  context: { getRemainingTimeInMillis(): number },
) => Promise<void>

interface Head {
  statusCode: number
  headers: Record<string, string>
}
const heads = new WeakMap<Writable, (head: Head) => void>()

/**
 * The global that the Lambda runtime brings along for response streaming, as far as handlers use it. A handler that
 * is made while it is there may be given to `startFunctionUrl`.
 */
export const installAwslambda = () => {
  const awslambda = {
    streamifyResponse: (handler: StreamingHandler) => handler,
    HttpResponseStream: {
      from: (response: Writable, head: Head) => {
        heads.get(response)?.(head)
        return response
      },
    },
  }
  Object.assign(globalThis, { awslambda })
}

// What the handler writes goes out as the client takes it. When the client goes, the runtime tells the handler nothing:
// what it writes then disappears.
const responseStream = (response: ServerResponse) => {
  let gone = false
  response.on('close', () => (gone = true))
  const stream = new Writable({
    write: (chunk: Buffer, _, done) => {
      if (gone || response.write(chunk)) return done()
      const resume = () => {
        response.off('drain', resume).off('close', resume)
        done()
      }
      response.on('drain', resume).on('close', resume)
    },
    final: (done) => {
      response.end()
      done()
    },
  })
  heads.set(stream, ({ statusCode, headers }) => {
    response.writeHead(statusCode, headers)
    response.flushHeaders()
  })
  return stream
}

/** Stands where a Function URL with `RESPONSE_STREAM` stands: each request is an invocation with `timeout` ms to live. */
export const startFunctionUrl = async (handler: StreamingHandler, { timeout = 900_000 }: { timeout?: number } = {}) => {
  const running = new Set<Promise<void>>()
  const server = createServer((request, response) => {
    const ends = Date.now() + timeout
    const url = new URL(request.url ?? '/', 'http://function')
    const headers = Object.fromEntries(Object.entries(request.headers).map(([k, v]) => [k, String(v)]))
    const http = { method: request.method, path: url.pathname, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1' }
    const event = {
      version: '2.0',
      rawPath: url.pathname,
      rawQueryString: url.search.slice(1),
      headers: { ...headers, 'x-forwarded-for': '127.0.0.1' },
      requestContext: { domainName: 'function', http },
      isBase64Encoded: false,
    }
    const context = { getRemainingTimeInMillis: () => Math.max(0, ends - Date.now()) }
    const invocation = handler(event, responseStream(response), context).finally(() => running.delete(invocation))
    running.add(invocation)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Invocations under way. */
    get running() {
      return running.size
    },
    stop: async () => {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
