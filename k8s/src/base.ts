import { Namespace } from 'kubernetes-models/v1/Namespace'
import { PersistentVolumeClaim } from 'kubernetes-models/v1/PersistentVolumeClaim'
import { type Environment, ingress } from './environment.ts'

const restricted = {
  'pod-security.kubernetes.io/enforce': 'restricted',
  'pod-security.kubernetes.io/enforce-version': 'latest',
  'pod-security.kubernetes.io/warn': 'restricted',
}

/** Both namespaces take only pods of the restricted standard, which needs the mesh's CNI plugin for its sidecars. */
export const baseOf = (env: Environment) => [
  new Namespace({ metadata: { name: env.namespace, labels: { ...restricted, 'istio-injection': 'enabled' } } }),
  new Namespace({
    metadata: {
      name: ingress.namespace,
      // A new entrance counts as ready once the load balancer sends to it, which takes minutes: until then an old one stays.
      labels: {
        ...restricted,
        'istio-injection': 'enabled',
        ...(env.aws && { 'elbv2.k8s.aws/pod-readiness-gate-inject': 'enabled' }),
      },
    },
  }),
  ...(env.aws
    ? []
    : [
        new PersistentVolumeClaim({
          metadata: { name: 'auth-keys', namespace: env.namespace },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
        }),
      ]),
]
