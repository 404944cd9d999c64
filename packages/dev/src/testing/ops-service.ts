import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { User } from '@wealist/contract/user/users'
import { call } from '@wealist/contract/call'
import { serviceNames } from '@wealist/contract/topology'
import type { Env } from '@wealist/kit/config'
import { run } from '@wealist/kit/node'
import type { Overrides } from '@wealist/kit/base'
import { ops } from '@wealist/ops/service'
import { level, logTo } from './log.ts'
import type { Ask, Asker } from './one-service.ts'
import { userService } from './user-service.ts'

// Whoever else runs on this machine is not asked.
const metricsOfNobody = Object.fromEntries(
  serviceNames.map((name) => [`${name.toUpperCase()}_METRICS_URL`, 'http://127.0.0.1:1']),
)

/** ops beside user-service: the same database, with the role that is ops' own, and the same Redis. */
export const opsService = async (env: Env = {}, overrides: Overrides = {}) => {
  const user = await userService()
  const { config } = user.running.base
  const database = new URL(config.DATABASE_URL!)
  database.username = database.password = 'wealist_ops'
  const running = await run(
    ops,
    {
      ENVIRONMENT: 'test',
      HOST: '127.0.0.1',
      PORT: '0',
      DATABASE_URL: database.href,
      REDIS_URL: config.REDIS_URL,
      REDIS_PREFIX: config.REDIS_PREFIX,
      AUTH_MODE: 'gateway',
      RATE_LIMIT: '0',
      LOG_LEVEL: level,
      ...metricsOfNobody,
      ...env,
    },
    { logTo, ...overrides },
  )
  const url = `http://127.0.0.1:${running.port}`
  const as =
    (person: Asker): Ask =>
    async (route, input, headers) => {
      const answer = await call(route, input, { base: url, headers: { ...user.headersOf(person), ...headers } })
      return (route.response ? route.response.parse(answer) : answer) as typeof answer
    }
  return {
    user,
    running,
    url,
    as,
    /** A new person with that platform role. */
    person: async (
      role: NonNullable<Asker['role']> = 'user',
      name = 'Somebody',
    ): Promise<User & { role: typeof role }> => {
      const person = await user.signUp(name)
      await user.rows('update users set role = $2 where id = $1', [person.id, role])
      return { ...person, role }
    },
    /** Any reader of what needs no row of their own. */
    viewer: as({ id: '0192f0c1-7a5e-7c3b-9d2e-3f4a5b6c7d8e', role: 'viewer' }),
    stop: async () => {
      await running.stop()
      await user.stop()
    },
  }
}
export type OpsService = Awaited<ReturnType<typeof opsService>>

/** An HTTP server that a test answers for: the far end of what ops asks. */
export const farEnd = async (listener: RequestListener) => {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** Keeps what a test opens, to be stopped after it, the last one first. */
export const keeper = () => {
  const open: { stop(): unknown }[] = []
  return {
    kept: <T extends { stop(): unknown }>(one: T) => {
      open.push(one)
      return one
    },
    stopAll: async () => {
      for (const one of open.splice(0).toReversed()) await one.stop()
    },
  }
}
