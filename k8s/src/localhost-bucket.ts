import { Job } from 'kubernetes-models/batch/v1/Job'
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy'
import type { Environment } from './environment.ts'
import { secret } from './localhost-servers.ts'
import { containerSecurity, podSecurity } from './pods.ts'

/** The bucket, and that browsers may read people's pictures in it and nothing else. */
export const bucketOf = (env: Environment) => [
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
