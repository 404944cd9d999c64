import { withDatabase } from '@wealist/contract/topology'
import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { mostPreviews, perService } from './connections.ts'
import type { Data } from './data.ts'
import { nodejs } from './functions.ts'
import type { Network } from './network.ts'
import { rounds } from './rounds.ts'
import type { Secrets } from './secrets.ts'
import { redisPrefixOf, type Stage } from './stage.ts'

interface Given {
  stage: Stage
  network: Network
  data: Data
  secrets: Secrets
  keys: aws.secretsmanager.Secret
}

/** What the migrations are: a deployment that brings none asks nothing of the database. */
const migrationsHash = () => {
  const hash = createHash('sha256')
  for (const file of globSync('packages/*/migrations/*.sql').toSorted()) hash.update(file).update(readFileSync(file))
  return hash.digest('hex')
}

/** Databases, roles, tables and the first signing key, before any function changes; all gone again with the stage. */
export const prepare = ({ stage, network, data, secrets, keys }: Given) => {
  const own = withDatabase.map((service) => secrets[service].arn)
  const fn = new sst.aws.Function('Prepare', {
    handler: 'stacks/functions/prepare.handler',
    description: 'databases of weAlist, before a deployment',
    runtime: 'nodejs24.x',
    architecture: 'arm64',
    memory: '1024 MB',
    timeout: '10 minutes',
    vpc: network as { privateSubnets: string[]; securityGroups: string[] },
    nodejs,
    logging: { retention: '1 week', format: 'json' },
    environment: { NODE_EXTRA_CA_CERTS: '/var/runtime/ca-cert.pem' },
    copyFiles: ['kit', ...withDatabase.filter((service) => service !== 'ops')].map((name) => ({
      from: `packages/${name}/migrations`,
    })),
    permissions: [
      { actions: ['secretsmanager:GetSecretValue'], resources: [data.secretArn, ...own, keys.arn] },
      { actions: ['secretsmanager:PutSecretValue'], resources: [keys.arn] },
    ],
  })
  return new aws.lambda.Invocation(
    'Prepared',
    {
      functionName: fn.name,
      // Asked when the stage is made, when what it is asked changes, and when the stage goes.
      lifecycleScope: 'CRUD',
      input: $jsonStringify({
        data: data.secretArn,
        services: Object.fromEntries(withDatabase.map((service) => [service, secrets[service].arn])),
        keys: keys.arn,
        redisPrefix: redisPrefixOf(stage),
        limit: perService.preview,
        most: mostPreviews,
        migrations: migrationsHash(),
        // New ones are told to the database, too.
        passwords: rounds.passwords,
      }),
    },
    { dependsOn: withDatabase.map((service) => secrets[service].version) },
  )
}
