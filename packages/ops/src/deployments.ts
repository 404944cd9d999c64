import type { Deployment } from '@wealist/contract/ops/deployments'
import { serviceNames } from '@wealist/contract/topology'
import * as z from 'zod'
import type { Ctx } from './deps.ts'
import * as status from './status.ts'

const Applications = z.object({
  items: z
    .array(
      z.object({
        metadata: z.object({ name: z.string() }),
        status: z.object({
          sync: z.object({ status: z.string(), revision: z.string().optional() }).optional(),
          health: z.object({ status: z.string() }).optional(),
          operationState: z.object({ finishedAt: z.iso.datetime({ offset: true }).optional() }).optional(),
          summary: z.object({ images: z.array(z.string()).optional() }).optional(),
        }),
      }),
    )
    .nullable(),
})

export const list = async (ctx: Ctx) => {
  const { argocd } = ctx.settings
  return argocd
    ? { items: await fromArgo(ctx, argocd), nextCursor: null, source: 'argocd' as const }
    : { items: await fromServices(ctx), nextCursor: null, source: 'services' as const }
}

const fields = ['metadata.name', 'status.sync', 'status.health', 'status.operationState.finishedAt', 'status.summary']

const fromArgo = async (
  { outside }: Pick<Ctx, 'outside'>,
  { url, token }: { url: string; token: string | undefined },
): Promise<Deployment[]> => {
  const query = new URLSearchParams({ fields: fields.map((f) => `items.${f}`).join(','), project: 'wealist' })
  const { items } = await outside.json('Argo CD', `${url}/api/v1/applications?${query}`, Applications, { token })
  return (items ?? []).map(({ metadata, status: { sync, health, operationState, summary } }) => ({
    name: metadata.name,
    sync: sync?.status ?? null,
    health: health?.status ?? null,
    revision: sync?.revision ?? null,
    versions: summary?.images ?? [],
    deployedAt: operationState?.finishedAt ?? null,
  }))
}

const healths = { up: 'Healthy', degraded: 'Degraded', down: 'Missing' } as const

const fromServices = async (ctx: Ctx): Promise<Deployment[]> => {
  const found = await Promise.all(serviceNames.map((name) => status.one(ctx, name)))
  return found.map(({ name, status: condition, versions }) => ({
    name,
    sync: null,
    health: healths[condition],
    revision: null,
    versions,
    deployedAt: null,
  }))
}
