import * as z from 'zod'
import { text, time } from '../fields.ts'
import { paging } from '../page.ts'
import { route } from '../route.ts'
import { serviceName } from './status.ts'

export const Level = z.enum(['debug', 'info', 'warn', 'error', 'fatal'])
export type Level = z.infer<typeof Level>

/** A line of a service's log. `fields` is what else it says; secrets never reach a log. */
export const LogLine = z
  .strictObject({
    id: z.string(),
    at: time,
    service: z.string(),
    level: Level,
    message: z.string(),
    requestId: z.string().nullable(),
    fields: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'LogLine' })
export type LogLine = z.infer<typeof LogLine>

export const list = route({
  method: 'GET',
  path: '/api/logs',
  summary: 'Lines of the services’ logs, newest first: `level` is the least one, `q` a text that the line contains',
  access: 'role',
  role: 'viewer',
  query: z.strictObject({
    service: serviceName.optional(),
    level: Level.default('info'),
    q: text(200).optional(),
    ...paging,
  }),
  response: z.strictObject({
    items: z.array(LogLine),
    nextCursor: z.string().nullable(),
    /** Loki where one is configured, else the lines that the services still have in memory. */
    source: z.enum(['loki', 'fleet']),
    /** Services whose lines are missing, because they did not answer. */
    missing: z.array(serviceName),
  }),
  example: { query: { level: 'warn', q: 'away' } },
})
