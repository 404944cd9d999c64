import { metricsPort, type ServiceName, topology, type Image } from '@wealist/contract/topology'
import type { IPodTemplateSpec } from 'kubernetes-models/v1/PodTemplateSpec'
import type { IContainer } from 'kubernetes-models/v1/Container'
import type { IEnvVar } from 'kubernetes-models/v1/EnvVar'
import { type Environment, labelsOf } from './environment.ts'
import { serviceOf } from './images.ts'
import { drainSeconds, variablesOf } from './workload-environment.ts'

/** What a pod of ours may do: nothing but run. The restricted Pod Security Standard, and read-only files. */
export const podSecurity = {
  runAsNonRoot: true,
  runAsUser: 65532,
  runAsGroup: 65532,
  fsGroup: 65532,
  seccompProfile: { type: 'RuntimeDefault' as const },
}
export const containerSecurity = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
}

/** Seconds after a pod was taken out of service in which requests may still come: endpoints travel slowly. */
export const preStop = 10
/** After the drain what is in flight may end: requests 5 s, jobs and pools the rest. */
export const gracePeriod = preStop + drainSeconds + 20

const variables = (all: Record<string, string>) => Object.entries(all).map(([name, value]) => ({ name, value }))

/**
 * What the mesh's container beside it asks for. The injector knows all of these or its own defaults: of one alone it makes a
 * container without the rest (istio/istio#35905).
 */
const sidecar = {
  'sidecar.istio.io/proxyCPU': '50m',
  'sidecar.istio.io/proxyMemory': '128Mi',
  'sidecar.istio.io/proxyMemoryLimit': '1Gi',
}

const resources = (image: Image) => ({
  // What it needs while little happens; more than that the nodes lend, and pods are added by what is used.
  requests: { cpu: image === 'ops-portal' ? '20m' : '100m', memory: image === 'ops-portal' ? '64Mi' : '256Mi' },
  // No limit of CPU: what is throttled misses its probes.
  limits: { memory: image === 'storage-thumbnails' ? '1Gi' : image === 'ops-portal' ? '128Mi' : '768Mi' },
})

const probes = (port: number, ready: string, live: string) => ({
  startupProbe: { httpGet: { path: live, port }, periodSeconds: 2, failureThreshold: 60 },
  readinessProbe: { httpGet: { path: ready, port }, periodSeconds: 5, timeoutSeconds: 3, failureThreshold: 2 },
  livenessProbe: { httpGet: { path: live, port }, periodSeconds: 10, timeoutSeconds: 3, failureThreshold: 6 },
})

/**
 * Where Argo CD is and a token for it, from a secret that a person makes, so that both are there or neither is: without the
 * address ops shows the versions that services say, with it alone it would be refused.
 */
const argocd: IEnvVar[] = ['ARGOCD_URL', 'ARGOCD_TOKEN'].map((name) => ({
  name,
  valueFrom: { secretKeyRef: { name: 'argocd', key: name, optional: true } },
}))

const ofService = (image: Exclude<Image, 'ops-portal'>, env: Environment): Partial<IContainer> => {
  const service = serviceOf(image) as ServiceName
  return {
    ports: [
      { name: 'http', containerPort: topology[service].port },
      { name: 'http-metrics', containerPort: metricsPort(service) },
    ],
    env: [...variables(variablesOf(image, env)), ...(image === 'ops' && env.aws ? argocd : [])],
    // Its own secret and no other; until that is there the pod waits.
    envFrom: [{ secretRef: { name: service } }],
    // On a port that no gateway reaches.
    ...probes(metricsPort(service), '/health/ready', '/health/live'),
  }
}
const ofPortal = (env: Environment): Partial<IContainer> => ({
  ports: [{ name: 'http', containerPort: 3001 }],
  env: variables({ API_URL: env.origin }),
  ...probes(3001, '/health/live', '/health/live'),
})

/** The pod of an image, its container told apart by what it runs. */
export const podOf = (image: Image, env: Environment): IPodTemplateSpec => {
  const own = image === 'ops-portal' ? ofPortal(env) : ofService(image, env)
  const local = image === 'auth' && !env.aws
  const rds = env.aws && image !== 'ops-portal'
  return {
    metadata: { labels: { ...labelsOf(image), 'sidecar.istio.io/inject': 'true' }, annotations: sidecar },
    spec: {
      serviceAccountName: image,
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: gracePeriod,
      securityContext: podSecurity,
      topologySpreadConstraints: ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'].map((topologyKey) => ({
        topologyKey,
        maxSkew: 1,
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: { app: image } },
      })),
      containers: [
        {
          name: image,
          image: `${env.registry}/wealist-${image}:${env.tags[image]}`,
          securityContext: containerSecurity,
          resources: resources(image),
          lifecycle: { preStop: { sleep: { seconds: preStop } } },
          volumeMounts: [
            { name: 'tmp', mountPath: '/tmp' },
            ...(local ? [{ name: 'keys', mountPath: '/keys' }] : []),
            ...(rds ? [{ name: 'rds', mountPath: '/etc/rds', readOnly: true }] : []),
          ],
          ...own,
        },
      ],
      volumes: [
        { name: 'tmp', emptyDir: { sizeLimit: '64Mi' } },
        ...(local ? [{ name: 'keys', persistentVolumeClaim: { claimName: 'auth-keys' } }] : []),
        // The authority that signs RDS' certificates, which Node does not know.
        ...(rds ? [{ name: 'rds', configMap: { name: 'rds-ca' } }] : []),
      ],
    },
  }
}
