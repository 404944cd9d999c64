import { type Image, withDatabase } from '@wealist/contract/topology'
import { Job } from 'kubernetes-models/batch/v1/Job'
import type { IEnvVar } from 'kubernetes-models/v1/EnvVar'
import { perService } from '../../stacks/connections.ts'
import type { Environment } from './environment.ts'
import { containerSecurity, podSecurity } from './pods.ts'

/** ops has a role in user's database, and no tables of its own to migrate. */
const owners = withDatabase.filter((name) => name !== 'ops')

const fromSecret = (name: string, secret: string): IEnvVar => ({
  name,
  valueFrom: { secretKeyRef: { name: secret, key: 'DATABASE_URL' } },
})

interface Work {
  name: string
  image: Image
  command: string
  variables: IEnvVar[]
  /** Hooks of one phase run wave by wave. */
  wave: number
}

/**
 * Runs before anything of its application is there, the first time too: it leans on `base` and on what a person made
 * before (namespace, rds-ca) alone, and waits for a secret that is not yet read.
 */
const job = ({ name, image, command, variables, wave }: Work, env: Environment) =>
  new Job({
    metadata: {
      name,
      namespace: env.namespace,
      annotations: {
        'argocd.argoproj.io/hook': 'PreSync',
        'argocd.argoproj.io/hook-delete-policy': 'BeforeHookCreation',
        'argocd.argoproj.io/sync-wave': String(wave),
      },
    },
    spec: {
      backoffLimit: 3,
      activeDeadlineSeconds: 900,
      template: {
        metadata: { labels: { job: 'databases', 'sidecar.istio.io/inject': 'false' } },
        spec: {
          restartPolicy: 'Never',
          automountServiceAccountToken: false,
          securityContext: podSecurity,
          containers: [
            {
              name,
              image: `${env.registry}/wealist-${image}:${env.tags[image]}`,
              args: ['index.mjs', command],
              env: [
                ...variables,
                ...(env.aws ? [{ name: 'NODE_EXTRA_CA_CERTS', value: '/etc/rds/global-bundle.pem' }] : []),
              ],
              securityContext: containerSecurity,
              resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '512Mi' } },
              volumeMounts: [
                { name: 'tmp', mountPath: '/tmp' },
                ...(env.aws ? [{ name: 'rds', mountPath: '/etc/rds', readOnly: true }] : []),
              ],
            },
          ],
          volumes: [
            { name: 'tmp', emptyDir: {} },
            ...(env.aws ? [{ name: 'rds', configMap: { name: 'rds-ca' } }] : []),
          ],
        },
      },
    },
  })

/** Five databases and a role a service, as their secrets say, made where they are missing. */
export const databasesOf = (env: Environment) => [
  job(
    {
      name: 'make-databases',
      image: 'user',
      command: 'databases',
      variables: [
        fromSecret('DATABASE_URL', 'data'),
        ...(env.name === 'localhost' ? [] : [{ name: 'CONNECTION_LIMIT', value: String(perService[env.name]) }]),
        ...withDatabase.map((service) => fromSecret(`${service.toUpperCase()}_DATABASE_URL`, service)),
      ],
      wave: -1,
    },
    env,
  ),
]

/** Each service's tables, before its new pods: a new version runs on what the one before understands. */
export const migrationsOf = (env: Environment) =>
  owners.map((service) =>
    job(
      {
        name: `migrate-${service}`,
        image: service,
        command: 'migrate',
        variables: [fromSecret('DATABASE_URL', service)],
        wave: 0,
      },
      env,
    ),
  )
