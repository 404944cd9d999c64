import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AccessToken, TokenVerifier } from 'livekit-server-sdk'

/**
 * Stand-in of a LiveKit server for tests: the three calls of its room service that chat makes, with the tokens checked,
 * and webhooks signed as it signs them. No media. A real one: `livekit-server --dev`.
 */
export const startLiveKit = async ({ key, secret }: { key: string; secret: string }) => {
  const rooms = new Set<string>()
  const asked: { method: string; room?: string; identity?: string }[] = []
  const server = createServer(async (request, response) => {
    const answer = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    const method = request.url?.split('/').at(-1) ?? ''
    const given = JSON.parse((await request.toArray()).join('') || '{}') as {
      names?: string[]
      room?: string
      identity?: string
    }
    const grants = await new TokenVerifier(key, secret)
      .verify(request.headers.authorization?.replace('Bearer ', '') ?? '')
      .catch(() => undefined)
    const right =
      method === 'ListRooms' ? grants?.video?.roomList : (grants?.video?.roomAdmin ?? grants?.video?.roomCreate)
    if (!right) return answer(401, { code: 'unauthenticated', msg: 'permissions denied' })
    asked.push({ method, ...(given.room && { room: given.room }), ...(given.identity && { identity: given.identity }) })
    if (method === 'ListRooms')
      return answer(200, {
        rooms: [...rooms]
          .filter((name) => !given.names?.length || given.names.includes(name))
          .map((name) => ({ name })),
      })
    if (!rooms.has(given.room ?? '')) return answer(404, { code: 'not_found', msg: 'room does not exist' })
    if (method === 'DeleteRoom') rooms.delete(given.room!)
    return answer(200, {})
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    rooms,
    asked,
    /** A webhook as LiveKit sends it: the body, and the header that signs it. */
    webhook: async (event: object) => {
      const body = JSON.stringify(event)
      const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(body))
      const token = new AccessToken(key, secret, { ttl: 300 })
      token.sha256 = Buffer.from(hash).toString('base64')
      return { body, headers: { authorization: await token.toJwt(), 'content-type': 'application/webhook+json' } }
    },
    stop: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
