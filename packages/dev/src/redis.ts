import { createRedisServer } from 'js-redis-server'

export interface EmbeddedRedis {
  url: string
  port: number
  stop(): Promise<void>
}

const loopback = /^(::ffff:)?127\.|^::1$/

/**
 * The embedded Redis: Redis' protocol and commands in this process, in memory only. For development and tests; sessions
 * end with it. `REDIS_URL` names a real one.
 */
export const startRedis = async ({ port = 0 }: { port?: number } = {}): Promise<EmbeddedRedis> => {
  const server = await createRedisServer({ port, compatibility: 'redis-7.0', logger: { error: () => undefined } })
  // It listens on every interface and has no password: whoever is not on this machine is sent away.
  server.server.server.prependListener('connection', (client) => {
    if (!loopback.test(client.remoteAddress ?? '')) client.destroy()
  })
  return { url: `redis://127.0.0.1:${server.port}`, port: server.port, stop: () => server.close() }
}
