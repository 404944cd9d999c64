import { Rollout } from '@kubernetes-models/argo-rollouts/argoproj.io/v1alpha1/Rollout'
import { metricsPort, topology, type Image, images } from '@wealist/contract/topology'
import { Deployment } from 'kubernetes-models/apps/v1/Deployment'
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler'
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget'
import { Service } from 'kubernetes-models/v1/Service'
import { ServiceAccount } from 'kubernetes-models/v1/ServiceAccount'
import { type Environment, labelsOf } from './environment.ts'
import { serviceOf } from './images.ts'
import { podOf } from './pods.ts'

/** Services whose load is open sockets and streams, which cost memory and no CPU while they are quiet. */
const live: readonly Image[] = ['board', 'chat', 'noti']
/** Open sockets and streams of one pod at which another is added: half of what a small one carries. */
const socketsAPod = '5000'
/** CPU of one pod, sidecar and all, at which another is added; a share of what it asks for would be next to nothing. */
const cpuAPod = '300m'

const portOf = (image: Image) => {
  const service = serviceOf(image)
  return service === 'ops-portal' ? 3001 : topology[service].port
}

const metadata = (image: Image, { namespace }: Environment, name: string = image) => ({
  name,
  namespace,
  labels: labelsOf(image),
})

const runs = (image: Image, env: Environment) => {
  const spec = {
    replicas: env.replicas.least,
    revisionHistoryLimit: 5,
    selector: { matchLabels: { app: image } },
    template: podOf(image, env),
  }
  if (env.name === 'prod') return rollout(image, env, spec)
  return new Deployment({
    metadata: metadata(image, env),
    spec: {
      ...spec,
      minReadySeconds: 5,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
    },
  })
}

/** By which the pods of the new version, and no others, are known. */
const canaryOf = (image: Image) => [
  { name: 'app', value: image },
  { name: 'version', valueFrom: { podTemplateHashValue: 'Latest' } },
]

// In prod a new version gets a part of the pods, and is taken back where it answers worse.
const rollout = (image: Image, env: Environment, spec: object) =>
  new Rollout({
    metadata: metadata(image, env),
    spec: {
      ...spec,
      minReadySeconds: 10,
      // What ran before comes back at once, without the steps of something new.
      rollbackWindow: { revisions: 3 },
      strategy: {
        canary: {
          maxSurge: 1,
          maxUnavailable: 0,
          steps: [
            { setWeight: 34 },
            { pause: { duration: '5m' } },
            ...(image === 'ops-portal'
              ? []
              : [{ analysis: { templates: [{ templateName: 'healthy' }], args: canaryOf(image) } }]),
            { setWeight: 67 },
            { pause: { duration: '5m' } },
          ],
        },
      },
    } as never,
  })

const scales = (image: Image, env: Environment) =>
  new HorizontalPodAutoscaler({
    metadata: metadata(image, env),
    spec: {
      scaleTargetRef:
        env.name === 'prod'
          ? { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name: image }
          : { apiVersion: 'apps/v1', kind: 'Deployment', name: image },
      minReplicas: env.replicas.least,
      maxReplicas: env.replicas.most,
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'AverageValue', averageValue: cpuAPod } } },
        ...(live.includes(image)
          ? [
              {
                type: 'Pods',
                pods: {
                  metric: { name: 'live_listeners' },
                  target: { type: 'AverageValue', averageValue: socketsAPod },
                },
              },
            ]
          : []),
      ],
      // Sockets move when a pod goes: down slowly, one at a time.
      behavior: {
        scaleDown: { stabilizationWindowSeconds: 600, policies: [{ type: 'Pods', value: 1, periodSeconds: 120 }] },
      },
    },
  })

/** Everything that makes an image run in an environment. */
export const workloadsOf = (env: Environment) =>
  images.flatMap((image) => {
    const service = serviceOf(image)
    const routed = image !== 'storage-thumbnails'
    return [
      new ServiceAccount({ metadata: metadata(image, env), automountServiceAccountToken: false }),
      runs(image, env),
      // One may go at a time, so that nodes drain; with one pod that is the one.
      new PodDisruptionBudget({
        metadata: metadata(image, env),
        spec: { maxUnavailable: 1, selector: { matchLabels: { app: image } } },
      }),
      ...(image === 'ops-portal' || image === 'storage-thumbnails' ? [] : [scales(image, env)]),
      ...(routed
        ? [
            new Service({
              metadata: metadata(image, env),
              spec: {
                selector: { app: image },
                ports: [{ name: 'http', port: portOf(image), targetPort: 'http', appProtocol: 'http' }],
              },
            }),
          ]
        : []),
      ...(service === 'ops-portal'
        ? []
        : [
            // Headless: one address a pod, for ops and Prometheus, who ask each.
            new Service({
              metadata: metadata(image, env, `${image}-metrics`),
              spec: {
                clusterIP: 'None',
                publishNotReadyAddresses: true,
                selector: { app: image },
                ports: [{ name: 'http-metrics', port: metricsPort(service), targetPort: 'http-metrics' }],
              },
            }),
          ]),
    ]
  })
