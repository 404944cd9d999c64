import { metricsPort, serviceNames, type ServiceName } from '@wealist/contract/topology'
import { Config as KitConfig } from '@wealist/kit/config'
import type { Base, Ctx as KitCtx } from '@wealist/kit/context'
import type { Actor, Person } from '@wealist/kit/actor'
import { handlers } from '@wealist/kit/mount'
import { objectsConfig, openObjects } from '@wealist/kit/objects'
import * as z from 'zod'
import { openHistory } from './history.ts'
import { openOutside } from './outside.ts'
import { openPrometheus } from './prometheus.ts'
import { openTargets } from './targets.ts'

const url = () => z.url({ protocol: /^https?$/ }).optional()

const metricsUrls = Object.fromEntries(
  serviceNames.map((name) => [
    `${name.toUpperCase()}_METRICS_URL`,
    z
      .url({ protocol: /^http$/ })
      .default(`http://127.0.0.1:${metricsPort(name)}`)
      .describe(`The metrics port of ${name}; a name with several addresses stands for as many replicas`),
  ]),
) as Record<`${Uppercase<ServiceName>}_METRICS_URL`, z.ZodDefault<z.ZodURL>>

export const Config = KitConfig.extend({
  ...metricsUrls,
  ...objectsConfig,
  SCRAPE_SECONDS: z.coerce
    .number()
    .min(0.1)
    .max(60)
    .default(10)
    .describe('How often metrics are read, without Prometheus'),
  KEEP_HOURS: z.coerce.number().min(0.1).max(24).default(6).describe('How long they are kept in memory'),
  PROMETHEUS_URL: url().describe(
    'Prometheus, for metrics of all replicas and of a month; what ops reads itself unless set',
  ),
  LOKI_URL: url().describe('Loki, for logs; the lines that services have in memory unless set'),
  ARGOCD_URL: url().describe('Argo CD, for deployments; the versions that services say unless set'),
  ARGOCD_TOKEN: z.string().optional().describe('Token of an Argo CD account that may read applications'),
  NAMESPACE: z
    .string()
    .regex(/^[a-z0-9-]{1,63}$/)
    .default('wealist-prod')
    .describe('Kubernetes namespace whose metrics and logs are shown'),
})

export const open = (config: z.output<typeof Config>, base: Base) => {
  const objects = openObjects(config)
  const outside = openOutside()
  const targets = openTargets((name) => config[`${name.toUpperCase() as Uppercase<ServiceName>}_METRICS_URL`], outside)
  const history = config.PROMETHEUS_URL
    ? undefined
    : openHistory({ targets, seconds: config.SCRAPE_SECONDS, hours: config.KEEP_HOURS, ...base })
  return {
    objects,
    outside,
    targets,
    measures: history ?? openPrometheus({ url: config.PROMETHEUS_URL!, namespace: config.NAMESPACE, outside, ...base }),
    settings: {
      loki: config.LOKI_URL,
      argocd: config.ARGOCD_URL && { url: config.ARGOCD_URL, token: config.ARGOCD_TOKEN },
      namespace: config.NAMESPACE,
    },
    close: async () => {
      history?.close()
      objects.close()
    },
  }
}

export type Deps = Awaited<ReturnType<typeof open>>
export type Ctx<A extends Actor = Person> = KitCtx<Deps, A>
export const on = handlers<Deps>()
