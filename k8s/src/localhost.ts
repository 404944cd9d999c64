import { VirtualService } from '@kubernetes-models/istio/networking.istio.io/v1/VirtualService'
import { StatefulSet } from 'kubernetes-models/apps/v1/StatefulSet'
import { Job } from 'kubernetes-models/batch/v1/Job'
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy'
import type { IContainer } from 'kubernetes-models/v1/Container'
import { Service } from 'kubernetes-models/v1/Service'
import { serviceNames, topology } from '@wealist/contract/topology'
import { type Environment, ingress, labelsOf } from './environment.ts'
import { containerSecurity, podSecurity } from './pods.ts'

interface Server {
  name: 'postgres' | 'redis' | 's3' | 'livekit'
  image: string
  port: number
  /** Under which port pods and the gateway ask, where that is another. */
  servicePort?: number
  container: Partial<IContainer>
  data?: string
  /** Browsers reach it too, through the gateway, under its name before the domain. */
  outside: boolean
}
const secret = (name: string, key: string) => ({ name, valueFrom: { secretKeyRef: { name: 'servers', key } } })

const servers: Server[] = [
  {
    name: 'postgres',
    image: 'postgres:17.6-bookworm',
    port: 5432,
    outside: false,
    data: '/var/lib/postgresql/data',
    container: {
      env: [secret('POSTGRES_PASSWORD', 'postgres'), { name: 'PGDATA', value: '/var/lib/postgresql/data/pg' }],
      volumeMounts: [{ name: 'run', mountPath: '/var/run/postgresql' }],
    },
  },
  {
    name: 'redis',
    image: 'redis:8.2-bookworm',
    port: 6379,
    outside: false,
    data: '/data',
    // Sessions and revocations live here alone.
    container: {
      args: ['sh', '-c', 'exec redis-server --appendonly yes --maxmemory-policy noeviction --requirepass "$PASSWORD"'],
      env: [secret('PASSWORD', 'redis')],
    },
  },
  {
    name: 's3',
    image: 'quay.io/minio/minio:RELEASE.2025-07-23T15-54-02Z',
    port: 9000,
    servicePort: 80,
    outside: true,
    data: '/data',
    container: {
      args: ['server', '/data'],
      env: [secret('MINIO_ROOT_USER', 's3-user'), secret('MINIO_ROOT_PASSWORD', 's3-password')],
    },
  },
  {
    name: 'livekit',
    image: 'livekit/livekit-server:v1.9.1',
    port: 7880,
    outside: true,
    container: { args: ['--dev', '--bind', '0.0.0.0', '--keys', '$(KEYS)'], env: [secret('KEYS', 'livekit')] },
  },
]

const uses = (server: Server) =>
  serviceNames.filter((service) => (topology[service].uses as readonly string[]).includes(server.name))

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
              ...uses(server).map((service) => ({ podSelector: { matchLabels: { app: service } } })),
              ...(name === 'postgres' ? [{ podSelector: { matchLabels: { job: 'databases' } } }] : []),
              ...(name === 's3'
                ? [
                    { podSelector: { matchLabels: { app: 'storage-thumbnails' } } },
                    { podSelector: { matchLabels: { job: 'bucket' } } },
                  ]
                : []),
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

// The bucket, and that browsers may read people's pictures in it and nothing else.
const bucketOf = (env: Environment) => [
  new Job({
    metadata: { name: 'make-bucket', namespace: env.namespace },
    spec: {
      backoffLimit: 6,
      template: {
        metadata: { labels: { job: 'bucket', 'sidecar.istio.io/inject': 'false' } },
        spec: {
          restartPolicy: 'OnFailure',
          automountServiceAccountToken: false,
          securityContext: podSecurity,
          containers: [
            {
              name: 'mc',
              image: 'quay.io/minio/mc:RELEASE.2025-07-21T05-28-08Z',
              command: ['sh', '-ec'],
              args: [
                [
                  'mc alias set s3 http://s3 "$USER" "$PASSWORD"',
                  `mc mb --ignore-existing s3/${env.bucket}`,
                  `mc anonymous set download s3/${env.bucket}/avatars`,
                ].join(' && '),
              ],
              env: [
                secret('USER', 's3-user'),
                secret('PASSWORD', 's3-password'),
                { name: 'MC_CONFIG_DIR', value: '/tmp/mc' },
              ],
              securityContext: containerSecurity,
              resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { memory: '256Mi' } },
              volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
            },
          ],
          volumes: [{ name: 'tmp', emptyDir: {} }],
        },
      },
    },
  }),
  new NetworkPolicy({
    metadata: { name: 'bucket', namespace: env.namespace },
    spec: {
      podSelector: { matchLabels: { job: 'bucket' } },
      policyTypes: ['Egress'],
      egress: [{ to: [{ podSelector: { matchLabels: { app: 's3' } } }], ports: [{ protocol: 'TCP', port: 9000 }] }],
    },
  }),
]

/** What RDS, ElastiCache, S3 and LiveKit are elsewhere, inside of Kind. */
export const serversOf = (env: Environment) =>
  env.aws ? [] : [...servers.flatMap((server) => serverOf(server, env)), ...bucketOf(env)]
