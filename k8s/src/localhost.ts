import { VirtualService } from '@kubernetes-models/istio/networking.istio.io/v1/VirtualService'
import { StatefulSet } from 'kubernetes-models/apps/v1/StatefulSet'
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy'
import { Service } from 'kubernetes-models/v1/Service'
import { images, topology } from '@wealist/contract/topology'
import { type Environment, ingress, labelsOf } from './environment.ts'
import { bucketOf } from './localhost-bucket.ts'
import { serviceOf } from './images.ts'
import { type Server, servers } from './localhost-servers.ts'
import { containerSecurity, podSecurity } from './pods.ts'

// By image, not by service: thumbnails are pods of their own on storage's servers.
const usersOf = (server: Server) =>
  images.filter((image) => {
    const service = serviceOf(image)
    return service !== 'ops-portal' && (topology[service].uses as readonly string[]).includes(server.name)
  })

const serverOf = (server: Server, env: Environment) => {
  const { name, image, port, servicePort = port, container, data, outside } = server
  const metadata = { name, namespace: env.namespace, labels: labelsOf(name) }
  const host = `${name}.${env.domain}`
  return [
    new Service({
      metadata,
      spec: { selector: { app: name }, ports: [{ name: 'tcp', port: servicePort, targetPort: port }] },
    }),
    new StatefulSet({
      metadata,
      spec: {
        serviceName: name,
        replicas: 1,
        selector: { matchLabels: { app: name } },
        template: {
          metadata: { labels: { ...labelsOf(name), 'sidecar.istio.io/inject': 'false' } },
          spec: {
            automountServiceAccountToken: false,
            securityContext: { ...podSecurity, runAsUser: 999, runAsGroup: 999, fsGroup: 999 },
            containers: [
              {
                name,
                image,
                ports: [{ containerPort: port }],
                securityContext: containerSecurity,
                resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '1Gi' } },
                readinessProbe: { tcpSocket: { port }, periodSeconds: 2 },
                ...container,
                volumeMounts: [
                  { name: 'tmp', mountPath: '/tmp' },
                  ...(data ? [{ name: 'data', mountPath: data }] : []),
                  ...(container.volumeMounts ?? []),
                ],
              },
            ],
            volumes: [
              { name: 'tmp', emptyDir: {} },
              ...(container.volumeMounts ?? []).map((mount) => ({ name: mount.name, emptyDir: {} })),
            ],
          },
        },
        ...(data && {
          volumeClaimTemplates: [
            {
              metadata: { name: 'data' },
              spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '2Gi' } } },
            },
          ],
        }),
      },
    }),
    new NetworkPolicy({
      metadata,
      spec: {
        podSelector: { matchLabels: { app: name } },
        policyTypes: ['Ingress'],
        ingress: [
          {
            from: [
              ...usersOf(server).map((app) => ({ podSelector: { matchLabels: { app } } })),
              ...(name === 'postgres' ? [{ podSelector: { matchLabels: { job: 'databases' } } }] : []),
              ...(name === 's3' ? [{ podSelector: { matchLabels: { job: 'bucket' } } }] : []),
              ...(outside
                ? [
                    {
                      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': ingress.namespace } },
                      podSelector: { matchLabels: { app: 'gateway' } },
                    },
                  ]
                : []),
            ],
            ports: [{ protocol: 'TCP', port }],
          },
        ],
      },
    }),
    ...(outside
      ? [
          new VirtualService({
            metadata: { name, namespace: env.namespace },
            spec: {
              hosts: [host],
              gateways: ['wealist'],
              http: [
                {
                  route: [
                    {
                      destination: {
                        host: `${name}.${env.namespace}.svc.cluster.local`,
                        port: { number: servicePort },
                      },
                    },
                  ],
                  timeout: '0s',
                },
              ],
            },
          }),
        ]
      : []),
  ]
}

/** What RDS, ElastiCache, S3 and LiveKit are elsewhere, inside of Kind. */
export const serversOf = (env: Environment) =>
  env.aws ? [] : [...servers.flatMap((server) => serverOf(server, env)), ...bucketOf(env)]
