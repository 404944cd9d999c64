import type { ServiceName } from '@wealist/contract/topology'
import type { Config, Env } from '@wealist/kit/config'
import { defaultPorts, type LocalWorld } from '../environment.ts'
import { freePort } from '../ports.ts'
import { startProcess } from '../processes.ts'
import { heard, level } from './log.ts'

export interface Pod {
  readonly url: string
  readonly pid: number
  /** SIGKILL, and another one in its place, at the same address. */
  replace(): Promise<void>
  stop(): void
}

/** A process of its own of a service that a test has, by the entry of its container, on the same data. */
export const startPod = async (service: ServiceName, config: Config, more: Env = {}): Promise<Pod> => {
  const { DATABASE_URL, REDIS_URL, REDIS_PREFIX, USER_URL, NOTI_URL, AUTH_ISSUER } = config
  const port = await freePort()
  const nothing = { endpoint: 'http://127.0.0.1:1', bucket: 'none', accessKeyId: 'none', secretAccessKey: 'none' }
  const world: LocalWorld = {
    ports: { ...defaultPorts, [service]: port },
    gateway: port,
    databases: {},
    redis: { url: REDIS_URL, prefix: REDIS_PREFIX },
    s3: nothing,
    oidc: { issuer: nothing.endpoint, clientId: 'none', clientSecret: 'none' },
    keysFile: '',
    more: {
      ...{ DATABASE_URL, USER_URL, NOTI_URL, AUTH_ISSUER },
      AUTH_MODE: 'gateway',
      INTERNAL_KEYS: 'test-key',
      DATABASE_POOL: '6',
      DRAIN_SECONDS: '0',
      RATE_LIMIT: '0',
      REDIS_CLUSTER: String(config.REDIS_CLUSTER),
      LOG_LEVEL: level,
      ...more,
    },
  }
  let process = await startProcess(service, world, heard)
  return {
    url: `http://127.0.0.1:${port}`,
    get pid() {
      return process.pid
    },
    replace: async () => {
      process.kill('SIGKILL')
      await process.ended
      process = await startProcess(service, world, heard)
    },
    stop: () => process.kill('SIGKILL'),
  }
}
