import * as z from 'zod'
import { time } from '../fields.ts'
import { route } from '../route.ts'

/** An application of Argo CD, or, where none is configured, a running service with the version it says it has. */
export const Deployment = z
  .strictObject({
    name: z.string(),
    /** `Synced`, `OutOfSync` or `Unknown`, as Argo CD says; null without it. */
    sync: z.string().nullable(),
    /** `Healthy`, `Progressing`, `Degraded`, `Missing`, … */
    health: z.string().nullable(),
    /** Commit that is deployed. */
    revision: z.string().nullable(),
    /** Images or versions that run. */
    versions: z.array(z.string()),
    deployedAt: time.nullable(),
  })
  .meta({ id: 'Deployment' })
export type Deployment = z.infer<typeof Deployment>

export const list = route({
  method: 'GET',
  path: '/api/deployments',
  summary: 'What is deployed, and whether it is what git says',
  access: 'role',
  role: 'viewer',
  response: z.strictObject({
    items: z.array(Deployment),
    nextCursor: z.null(),
    source: z.enum(['argocd', 'services']),
  }),
  example: {},
})
