import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  GetConnectionCommand,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startWebSocketApi, type WebSocketEvent } from './websocket-api.ts'

const events: WebSocketEvent[] = []
let api: Awaited<ReturnType<typeof startWebSocketApi>>
let client: ApiGatewayManagementApiClient

beforeAll(async () => {
  api = await startWebSocketApi({
    handler: async (event) => {
      events.push(event)
      const { routeKey } = event.requestContext
      if (routeKey === '$connect') return { statusCode: event.queryStringParameters?.['ticket'] === 'good' ? 200 : 401 }
      if (event.body === 'fail') throw new Error('failed')
      return { statusCode: 200 }
    },
  })
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  client = new ApiGatewayManagementApiClient({
    endpoint: api.endpoint,
    region: 'eu-west-1',
    credentials,
    maxAttempts: 1,
  })
})
afterAll(async () => {
  client.destroy()
  await api.stop()
})

const connect = async (query = '?path=/ws/x&ticket=good') => {
  const socket = new WebSocket(`${api.url}${query}`)
  const heard: string[] = []
  const state = { code: 0 }
  socket.addEventListener('message', ({ data }) => void heard.push(String(data)))
  socket.addEventListener('close', ({ code }) => void (state.code = code))
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve)
    socket.addEventListener('error', () => reject(new Error('refused')))
  })
  const id = events.findLast((e) => e.requestContext.routeKey === '$connect')!.requestContext.connectionId
  return { socket, heard, state, id }
}
const named = (name: string) => expect.objectContaining({ name })

test('the SDK’s client posts to a connection, asks of it and ends it, and what is gone is 410', async () => {
  const { heard, state, id } = await connect()
  await client.send(new PostToConnectionCommand({ ConnectionId: id, Data: '{"type":"hello"}' }))
  await expect.poll(() => heard).toEqual(['{"type":"hello"}'])
  expect((await client.send(new GetConnectionCommand({ ConnectionId: id }))).ConnectedAt).toBeInstanceOf(Date)
  const large = client.send(new PostToConnectionCommand({ ConnectionId: id, Data: 'x'.repeat(129 * 1024) }))
  await expect(large).rejects.toEqual(named('PayloadTooLargeException'))
  await client.send(new DeleteConnectionCommand({ ConnectionId: id }))
  await expect.poll(() => state.code).toBe(1000)
  const gone = client.send(new PostToConnectionCommand({ ConnectionId: id, Data: 'x' }))
  await expect(gone).rejects.toEqual(named('GoneException'))
  await expect.poll(() => events.at(-1)!.requestContext.eventType).toBe('DISCONNECT')
})

test('a refused $connect is no socket, a failed function is told, a frame of 33 KB or binary ends it', async () => {
  await expect(connect('?path=/ws/x&ticket=bad')).rejects.toThrow('refused')
  const failing = await connect()
  failing.socket.send('fail')
  await expect.poll(() => failing.heard[0] ?? '').toContain('Internal server error')
  const large = await connect()
  large.socket.send('x'.repeat(33 * 1024))
  await expect.poll(() => large.state.code).toBe(1009)
  const binary = await connect()
  binary.socket.send(new Uint8Array(3))
  await expect.poll(() => binary.state.code).toBe(1003)
})

test('a client that says nothing for as long as it may is ended with 1001', async () => {
  const impatient = await startWebSocketApi({ idleMs: 100, handler: async () => ({ statusCode: 200 }) })
  const closed = new Promise((resolve) =>
    new WebSocket(impatient.url).addEventListener('close', ({ code }) => resolve(code)),
  )
  expect(await closed).toBe(1001)
  await impatient.stop()
})
