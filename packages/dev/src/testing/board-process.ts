import { board } from '@wealist/board/service'
import type { Env } from '@wealist/kit/config'
import pg from 'pg'
import { defaultPorts } from '../environment.ts'
import { freePort } from '../ports.ts'
import { startProcess } from '../processes.ts'
import { cloneDatabase } from './clone.ts'
import { heard, level } from './log.ts'
import { testRedis } from './redis.ts'

/** board as a process of its own, by the entry that its container has, that can be killed and started again on what it left. */
export const boardProcess = async (env: Env) => {
  const database = await cloneDatabase('board', board.migrations)
  const port = await freePort()
  const world = {
    ports: { ...defaultPorts, board: port },
    gateway: 0,
    databases: { board: database.url },
    redis: testRedis(),
    s3: { endpoint: '', bucket: '', accessKeyId: '', secretAccessKey: '' },
    oidc: { issuer: '', clientId: '', clientSecret: '' },
    keysFile: '',
    more: { AUTH_MODE: 'gateway', RATE_LIMIT: '0', DRAIN_SECONDS: '0', LOG_LEVEL: level, ...env },
  }
  const pool = new pg.Pool({ connectionString: database.url, max: 2 })
  let started = startProcess('board', world, heard)
  await started
  return {
    url: `http://127.0.0.1:${port}`,
    /** What the tables really hold. */
    rows: async <T extends object>(statement: string, values: unknown[] = []) =>
      (await pool.query(statement, values)).rows as T[],
    /** Kills it with no chance to end anything, and starts it again; resolves once it is ready. */
    killAndRestart: async () => {
      const killed = await started
      killed.kill('SIGKILL')
      started = killed.ended.then(() => startProcess('board', world, heard))
      await started
    },
    /** Resolves when it is ready, or was never away. */
    up: async () => void (await started),
    stop: async () => {
      await (await started).stop()
      await pool.end()
      await database.drop()
    },
  }
}
