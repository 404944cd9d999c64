import { Deployment } from 'kubernetes-models/apps/v1/Deployment'
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler'
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy'
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget'
import { Service } from 'kubernetes-models/v1/Service'
import { ServiceAccount } from 'kubernetes-models/v1/ServiceAccount'
import { type Environment, ingress, labelsOf } from './environment.ts'
import { containerSecurity, podSecurity } from './pods.ts'
import { drainSeconds } from './workload-environment.ts'

const metadata = { name: ingress.account, namespace: ingress.namespace, labels: labelsOf('gateway') }

const loadBalancer = ({ certificate }: Environment) => {
  const of = (name: string) => `service.beta.kubernetes.io/aws-load-balancer-${name}`
  return {
    [of('type')]: 'external',
    [of('nlb-target-type')]: 'ip',
    [of('scheme')]: 'internet-facing',
    [of('ssl-cert')]: certificate,
    [of('ssl-ports')]: '443',
    [of('alpn-policy')]: 'HTTP2Preferred',
    [of('backend-protocol')]: 'tcp',
    // Who asks is known behind it by this alone.
    [of('proxy-protocol')]: '*',
    [of('healthcheck-protocol')]: 'http',
    [of('healthcheck-port')]: '15021',
    [of('healthcheck-path')]: '/healthz/ready',
    [of('attributes')]: 'load_balancing.cross_zone.enabled=true,deletion_protection.enabled=true',
    [of('target-group-attributes')]: 'deregistration_delay.timeout_seconds=60',
  }
}

/** The mesh's entrance: Envoy behind the load balancer (on Kind, behind a port of the node). */
export const gatewayOf = (env: Environment) => [
  new ServiceAccount({ metadata, automountServiceAccountToken: false }),
  new Service({
    metadata: { ...metadata, annotations: env.aws ? loadBalancer(env) : {} },
    spec: {
      type: env.aws ? 'LoadBalancer' : 'NodePort',
      selector: { app: 'gateway' },
      ports: [
        { name: 'status', port: 15021, targetPort: 15021 },
        env.aws
          ? { name: 'https', port: 443, targetPort: 8080 }
          : { name: 'http', port: 80, targetPort: 8080, nodePort: 30080 },
      ],
    },
  }),
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
          terminationGracePeriodSeconds: drainSeconds + 30,
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
              ports: [{ name: 'http', containerPort: 8080 }],
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
      ingress: [
        {
          ports: [
            { protocol: 'TCP', port: 8080 },
            { protocol: 'TCP', port: 15021 },
          ],
        },
      ],
    },
  }),
]
