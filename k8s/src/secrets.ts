import { ExternalSecret } from '@kubernetes-models/external-secrets/external-secrets.io/v1/ExternalSecret'
import { SecretStore } from '@kubernetes-models/external-secrets/external-secrets.io/v1/SecretStore'
import { serviceNames } from '@wealist/contract/topology'
import type { Environment } from './environment.ts'

const external = (name: string, env: Environment) =>
  new ExternalSecret({
    metadata: { name, namespace: env.namespace },
    spec: {
      refreshInterval: '5m',
      secretStoreRef: { kind: 'SecretStore', name: 'secrets-manager' },
      target: { name, creationPolicy: 'Owner', deletionPolicy: 'Retain' },
      // The whole JSON object, a variable a key: wealist/<environment>/<service>, which the stacks make.
      dataFrom: [{ extract: { key: `wealist/${env.name}/${name}` } }],
    },
  })

/** To each service its own secret, and `data`, the administrator's, to the job that makes databases alone. */
export const secretsOf = (env: Environment) =>
  env.aws
    ? [
        new SecretStore({
          metadata: { name: 'secrets-manager', namespace: env.namespace },
          // By the operator's own Pod Identity, which may read wealist/<environment>/* and nothing else.
          spec: { provider: { aws: { service: 'SecretsManager', region: env.region } } },
        }),
        ...[...serviceNames, 'data'].map((name) => external(name, env)),
      ]
    : []
