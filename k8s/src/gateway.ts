import { Deployment } from 'kubernetes-models/apps/v1/Deployment'
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler'
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy'
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget'
import { ServiceAccount } from 'kubernetes-models/v1/ServiceAccount'
import { type Environment, ingress, labelsOf, monitoring } from './environment.ts'
import { listenerOf } from './gateway-listener.ts'
import { gatewayServiceOf, listens } from './gateway-service.ts'
import { containerSecurity, podSecurity, preStop } from './pods.ts'
import { drainSeconds } from './workload-environment.ts'

const metadata = { name: ingress.account, namespace: ingress.namespace, labels: labelsOf('gateway') }

/**
 * Seconds in which a pod that goes is still sent connections. To a target that it no longer has an NLB sends for two minutes,
 * whatever delay is set (kubernetes-sigs/aws-load-balancer-controller#2366).
 */
const stillSent = ({ aws }: Environment) => (aws ? 150 : preStop)

/** The mesh's entrance: Envoy behind the load balancer (on Kind, behind a port of the node). */
export const gatewayOf = (env: Environment) => [
  new ServiceAccount({ metadata, automountServiceAccountToken: false }),
  gatewayServiceOf(env),
  listenerOf(env),
  new Deployment({
    metadata,
    spec: {
      replicas: env.replicas.least,
      selector: { matchLabels: { app: 'gateway' } },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: {
        metadata: {
          labels: { ...labelsOf('gateway'), 'sidecar.istio.io/inject': 'true' },
          annotations: {
            'inject.istio.io/templates': 'gateway',
            'proxy.istio.io/config': JSON.stringify({
              terminationDrainDuration: `${drainSeconds + 15}s`,
              gatewayTopology: env.aws ? { proxyProtocol: {} } : { numTrustedProxies: 0 },
            }),
          },
        },
        spec: {
          serviceAccountName: ingress.account,
          terminationGracePeriodSeconds: stillSent(env) + drainSeconds + 30,
          securityContext: podSecurity,
          topologySpreadConstraints: [
            {
              topologyKey: 'topology.kubernetes.io/zone',
              maxSkew: 1,
              whenUnsatisfiable: 'ScheduleAnyway',
              labelSelector: { matchLabels: { app: 'gateway' } },
            },
          ],
          containers: [
            {
              name: 'istio-proxy',
              // Put in by the injector: the version of the mesh.
              image: 'auto',
              securityContext: containerSecurity,
              ports: [{ name: 'http', containerPort: listens }],
              lifecycle: { preStop: { sleep: { seconds: stillSent(env) } } },
              resources: { requests: { cpu: '200m', memory: '256Mi' }, limits: { memory: '1Gi' } },
              startupProbe: {
                httpGet: { path: '/healthz/ready', port: 15021 },
                periodSeconds: 1,
                failureThreshold: 60,
              },
              readinessProbe: { httpGet: { path: '/healthz/ready', port: 15021 }, periodSeconds: 5 },
              livenessProbe: {
                httpGet: { path: '/healthz/ready', port: 15021 },
                periodSeconds: 10,
                failureThreshold: 6,
              },
            },
          ],
        },
      },
    },
  }),
  new PodDisruptionBudget({
    metadata,
    spec: { maxUnavailable: 1, selector: { matchLabels: { app: 'gateway' } } },
  }),
  new HorizontalPodAutoscaler({
    metadata,
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: ingress.account },
      minReplicas: env.replicas.least,
      maxReplicas: env.replicas.most,
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } } },
      ],
    },
  }),
  new NetworkPolicy({
    metadata,
    spec: {
      podSelector: { matchLabels: { app: 'gateway' } },
      policyTypes: ['Ingress'],
      // Probes come from the node, which no policy keeps out.
      ingress: [
        { ports: [{ protocol: 'TCP', port: listens }] },
        ...(env.aws
          ? [
              {
                from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': monitoring } } }],
                ports: [{ protocol: 'TCP' as const, port: 15090 }],
              },
            ]
          : []),
      ],
    },
  }),
]
