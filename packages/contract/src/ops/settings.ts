import * as z from 'zod'
import { text, time } from '../fields.ts'
import { route } from '../route.ts'

/** Every setting with what it may be and what it is unless somebody set it. */
export const settings = {
  /** Share of requests that shall not be answered 5xx. */
  'slo.availability': { value: z.number().min(0.9).max(0.9999), unless: 0.999 },
  /** Milliseconds within which a request counts as quick: a bound of the histogram's buckets. */
  'slo.latencyMs': { value: z.literal([50, 100, 250, 500, 1000, 2500]), unless: 500 },
  /** Share of requests that shall be quick. */
  'slo.latency': { value: z.number().min(0.5).max(0.9999), unless: 0.99 },
  /** A sentence on top of every page of the portal; none where empty. */
  announcement: { value: text(500), unless: '' },
} as const

export type SettingKey = keyof typeof settings
export const SettingKey = z.enum(Object.keys(settings) as [SettingKey, ...SettingKey[]])

/** `updatedAt` is null, and `version` 0, where nobody has set it. */
export const Setting = z
  .strictObject({
    key: SettingKey,
    value: z.union([z.string(), z.number()]),
    version: z.int().min(0),
    updatedAt: time.nullable(),
  })
  .meta({ id: 'Setting' })
export type Setting = z.infer<typeof Setting>

export const list = route({
  method: 'GET',
  path: '/api/admin/settings',
  summary: 'Every setting',
  access: 'role',
  role: 'viewer',
  response: z.strictObject({ items: z.array(Setting), nextCursor: z.null() }),
  example: {},
})

export const get = route({
  method: 'GET',
  path: '/api/admin/settings/{key}',
  summary: 'One setting',
  access: 'role',
  role: 'viewer',
  params: z.strictObject({ key: SettingKey }),
  versioned: true,
  response: Setting,
  example: { params: { key: 'slo.availability' } },
})

export const set = route({
  method: 'PUT',
  path: '/api/admin/settings/{key}',
  summary: 'Change a setting',
  access: 'role',
  role: 'admin',
  params: z.strictObject({ key: SettingKey }),
  body: z.strictObject({ value: z.union([text(500), z.number()]) }),
  versioned: true,
  response: Setting,
  example: { params: { key: 'slo.availability' }, body: { value: 0.995 } },
})
