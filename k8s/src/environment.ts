import { readFileSync } from 'node:fs'
import type { Image } from '@wealist/contract/topology'

export const environmentNames = ['localhost', 'dev', 'prod'] as const
export type EnvironmentName = (typeof environmentNames)[number]

/** What differs from one environment to the next. Releases write `tags`, people the rest: `k8s/environments/<name>.json`. */
interface Settings {
  registry: string
  region: string
  /** Where browsers reach the API; the portal is at `ops.` before it. */
  domain: string
  bucket: string
  /** ARN of the certificate that the load balancer shows; none on localhost. */
  certificate: string
  tags: Record<Image, string>
}
export interface Environment extends Settings {
  name: EnvironmentName
  namespace: string
  /** Runs on AWS: servers of RDS, ElastiCache and S3, secrets of Secrets Manager. */
  aws: boolean
  /** Pods of a service, at least and at most. */
  replicas: { least: number; most: number }
  origin: string
  /** Where browsers open the portal; on AWS that is CloudFront, which asks the gateway for `portalHost`. */
  portal: string
  portalHost: string
}

// At most: all of them together have to find room on the database (connections.test.ts).
const replicas = {
  localhost: { least: 1, most: 2 },
  dev: { least: 2, most: 3 },
  prod: { least: 3, most: 8 },
} as const

export const environmentOf = (name: EnvironmentName): Environment => {
  const file = new URL(`../environments/${name}.json`, import.meta.url)
  const settings = JSON.parse(readFileSync(file, 'utf8')) as Settings
  const aws = name !== 'localhost'
  const scheme = aws ? 'https' : 'http'
  return {
    ...settings,
    name,
    namespace: `wealist-${name}`,
    aws,
    replicas: replicas[name],
    origin: `${scheme}://${settings.domain}`,
    portal: `${scheme}://ops.${settings.domain}`,
    portalHost: `${aws ? 'portal' : 'ops'}.${settings.domain}`,
  }
}

/** The gateway's namespace, and who it is in the mesh. */
export const ingress = { namespace: 'istio-ingress', account: 'gateway' } as const
export const monitoring = 'monitoring'
/** Prometheus takes what bears the name of its own release: kube-prometheus-stack's `…SelectorNilUsesHelmValues`. */
export const forPrometheus = { release: 'prometheus' } as const
export const argocd = 'argocd'

/** Who a pod is in the mesh, by its service account. */
export const principal = (namespace: string, account: string) => `cluster.local/ns/${namespace}/sa/${account}`

export const labelsOf = (app: string) => ({
  app,
  'app.kubernetes.io/name': app,
  'app.kubernetes.io/part-of': 'wealist',
})
