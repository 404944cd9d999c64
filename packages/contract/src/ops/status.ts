import * as z from 'zod'
import { time } from '../fields.ts'
import { route } from '../route.ts'
import { type ServiceName, serviceNames } from '../topology.ts'

export const serviceName = z.enum(serviceNames as [ServiceName, ...ServiceName[]])

/** `degraded`: it answers, and something it needs does not, or it is about to stop. `down`: no answer in time. */
export const Condition = z.enum(['up', 'degraded', 'down'])
export type Condition = z.infer<typeof Condition>

/** A service as its probe found it just now. */
export const ServiceStatus = z
  .strictObject({
    name: serviceName,
    status: Condition,
    /** Milliseconds until its slowest replica had answered; null where none did. */
    responseTime: z.number().min(0).nullable(),
    /** What its replicas run; more than one while a new version rolls out. */
    versions: z.array(z.string()),
    /** How many answered, of how many that its address names. */
    replicas: z.strictObject({ ready: z.int().min(0), total: z.int().min(0) }),
    /** What it says of what it needs: postgres, redis. */
    checks: z.record(z.string(), z.enum(['ok', 'away'])),
    /** Why it is not up, for a person; null where it is. */
    reason: z.string().nullable(),
  })
  .meta({ id: 'ServiceStatus' })
export type ServiceStatus = z.infer<typeof ServiceStatus>

/** PostgreSQL, Redis or S3, as ops itself reaches them. */
export const PieceStatus = z
  .strictObject({
    name: z.enum(['postgres', 'redis', 's3']),
    status: z.enum(['up', 'down']),
    responseTime: z.number().min(0).nullable(),
    reason: z.string().nullable(),
  })
  .meta({ id: 'PieceStatus' })
export type PieceStatus = z.infer<typeof PieceStatus>

/** `status` is the worst of all. */
export const Status = z
  .strictObject({
    status: Condition,
    at: time,
    services: z.array(ServiceStatus),
    infrastructure: z.array(PieceStatus),
  })
  .meta({ id: 'Status' })
export type Status = z.infer<typeof Status>

export const get = route({
  method: 'GET',
  path: '/api/status',
  summary: 'Every service, PostgreSQL, Redis and S3, probed at once; answers within two seconds whoever hangs',
  access: 'role',
  role: 'viewer',
  response: Status,
  example: {},
})

/** A service as the topology has it. */
export const Service = z
  .strictObject({
    name: serviceName,
    port: z.int(),
    owns: z.string(),
    database: z.string().nullable(),
    calls: z.array(serviceName),
    uses: z.array(z.string()),
    public: z.array(z.string()),
  })
  .meta({ id: 'Service' })
export type Service = z.infer<typeof Service>

export const services = route({
  method: 'GET',
  path: '/api/services',
  summary: 'The seven services: what each owns, whom it calls, what it uses',
  access: 'role',
  role: 'viewer',
  response: z.strictObject({ items: z.array(Service), nextCursor: z.null() }),
  example: {},
})

export const health = route({
  method: 'GET',
  path: '/api/services/{name}/health',
  summary: 'One service, probed now',
  access: 'role',
  role: 'viewer',
  params: z.strictObject({ name: serviceName }),
  response: ServiceStatus,
  example: { params: { name: 'user' } },
})
