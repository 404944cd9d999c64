import * as z from 'zod'
import { route } from '../route.ts'
import { Source } from './metrics.ts'
import { serviceName } from './status.ts'

/**
 * How much of the error budget is used up how fast: 1 uses it up exactly over the window. After the SRE workbook,
 * chapter 5: `fast` where the last hour and the last five minutes burn above 14.4, `slow` where the last six hours and
 * the last half hour burn above 6.
 */
export const Alert = z.enum(['ok', 'slow', 'fast', 'unknown'])
export type Alert = z.infer<typeof Alert>

const burn = z.number().min(0).nullable()

export const Objective = z
  .strictObject({
    /** Share of requests that shall be good. */
    target: z.number(),
    /** Share that was good in the window; null where there were none. */
    actual: z.number().min(0).max(1).nullable(),
    /** Requests in the window. */
    requests: z.number().min(0),
    /** 1: nothing used; 0: all; below: overdrawn. */
    budget: z.number().nullable(),
    burn: z.strictObject({ '5m': burn, '30m': burn, '1h': burn, '6h': burn }),
    alert: Alert,
  })
  .meta({ id: 'Objective' })
export type Objective = z.infer<typeof Objective>

export const ServiceObjectives = z
  .strictObject({
    name: serviceName,
    /** Good: not answered 5xx. */
    availability: Objective,
    /** Good: answered within `latencyMs`. */
    latency: Objective,
  })
  .meta({ id: 'ServiceObjectives' })
export type ServiceObjectives = z.infer<typeof ServiceObjectives>

export const get = route({
  method: 'GET',
  path: '/api/slo',
  summary: 'Availability and latency of every service against their targets, with error budget and burn rate',
  access: 'role',
  role: 'viewer',
  response: z.strictObject({
    source: Source,
    latencyMs: z.number(),
    /** Seconds that the window really spans: thirty days with Prometheus, else since ops began to look. */
    window: z.number().min(0),
    services: z.array(ServiceObjectives),
  }),
  example: {},
})
