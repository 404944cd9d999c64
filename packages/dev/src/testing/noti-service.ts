import { internal } from '@wealist/contract/noti'
import type { Item } from '@wealist/contract/noti/internal'
import type { Env } from '@wealist/kit/config'
import { newId } from '@wealist/kit/ids'
import { run } from '@wealist/kit/node'
import type { Overrides } from '@wealist/kit/base'
import { noti } from '@wealist/noti/service'
import type pg from 'pg'
import { openEvents, type ServerEvent } from './event-stream.ts'
import { testLog } from './log.ts'
import { type Asker, oneService } from './one-service.ts'

type Assigned = Extract<Item, { type: 'task_assigned' }>

export const actor = newId()
export const workspaceId = newId()

/** Something to tell those people; more or other fields where a test looks at them. */
export const assigned = (recipients: string[], more: Partial<Assigned> = {}): Assigned => ({
  eventId: newId(),
  source: 'board',
  type: 'task_assigned',
  recipients,
  actorId: actor,
  workspaceId,
  data: { actorName: 'Bob', projectId: newId(), projectName: 'Launch', taskId: newId(), taskTitle: 'Plan' },
  ...more,
})

/** noti alone, with quick ways to tell people something and to listen as one of them. */
export const notiService = async (env: Env = {}, overrides: Overrides = {}) => {
  const service = await oneService(noti, env, overrides)
  const { db, config } = service.running.base
  const others: Awaited<ReturnType<typeof run>>[] = []
  const environment: Env = {
    ENVIRONMENT: 'test',
    HOST: '127.0.0.1',
    PORT: '0',
    DATABASE_URL: config.DATABASE_URL,
    REDIS_URL: config.REDIS_URL,
    REDIS_PREFIX: config.REDIS_PREFIX,
    AUTH_MODE: 'gateway',
    INTERNAL_KEYS: 'test-key',
    DRAIN_SECONDS: '0',
    RATE_LIMIT: '0',
    ...env,
  }
  return {
    ...service,
    /** What a process of it on the same data is started with. */
    environment,
    /** What the tables really hold. */
    rows: async <T extends pg.QueryResultRow>(statement: string, values: unknown[] = []) =>
      (await db.pool.query<T>(statement, values)).rows,
    tell: (...items: Item[]) => service.internal(internal.create, { body: { items } }),
    /** One more process of it, on the same Redis and database; gives it with its address. */
    another: async () => {
      const running = await run(noti, environment, { log: testLog('noti'), ...overrides })
      others.push(running as never)
      return { running, url: `http://127.0.0.1:${running.port}` }
    },
    listen: (
      person: Asker,
      {
        at = service.url,
        query = '',
        headers = {},
        heard,
      }: { at?: string; query?: string; headers?: Record<string, string>; heard?: (event: ServerEvent) => void } = {},
    ) => openEvents(`${at}/api/notifications/stream${query}`, { ...service.headersOf(person), ...headers }, heard),
    stop: async () => {
      await Promise.all(others.map((other) => other.stop()))
      await service.stop()
    },
  }
}
export type NotiService = Awaited<ReturnType<typeof notiService>>
