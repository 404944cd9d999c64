import { instances } from './connections.ts'
import { backupDays, dev, guard, secretOf, type Stage } from './stage.ts'

/** The servers under a stage: PostgreSQL as its administrator, and Redis. Both URLs hold passwords. */
export interface Data {
  databaseUrl: $util.Output<string>
  redisUrl: $util.Output<string>
  /** The secret in which a function finds both. */
  secretArn: $util.Output<string>
}

const tls = '?sslmode=verify-full'

/** The servers themselves, for who watches them. */
export interface Servers {
  postgres: sst.aws.Postgres
  redis: sst.aws.Redis
  /** Nodes of Redis. */
  nodes: number
}

/** PostgreSQL 17 and Valkey of dev or prod, encrypted, and in prod on two zones. */
export const makeData = (stage: Stage, vpc: sst.aws.Vpc): Data & { servers: Servers } => {
  const { kept } = stage
  const nodes = kept ? 2 : 1
  const postgres = new sst.aws.Postgres('Postgres', {
    vpc,
    // By its major alone: of minor ones AWS makes no new server once they are a year and a half old.
    version: '17',
    instance: instances[kept ? 'prod' : 'dev'].class,
    storage: kept ? '100 GB' : '20 GB',
    multiAz: kept,
    database: 'postgres',
    transform: {
      instance: (args, options) => {
        Object.assign(args, {
          storageEncrypted: true,
          deletionProtection: kept,
          skipFinalSnapshot: !kept,
          backupRetentionPeriod: kept ? backupDays : 1,
          // Whoever deletes the server by hand still has them.
          deleteAutomatedBackups: !kept,
          applyImmediately: !kept,
        })
        Object.assign(options, guard(stage))
      },
    },
  })
  const redis = new sst.aws.Redis('Redis', {
    vpc,
    engine: 'valkey',
    instance: kept ? 'm7g.large' : 't4g.micro',
    cluster: false,
    // Sessions and revocations live here alone: nothing may be put out for want of room.
    parameters: { 'maxmemory-policy': 'noeviction' },
    transform: {
      cluster: (args, options) => {
        Object.assign(args, {
          numCacheClusters: nodes,
          automaticFailoverEnabled: kept,
          multiAzEnabled: kept,
          // ElastiCache keeps no append-only file: a copy in another zone and daily snapshots stand in for it.
          snapshotRetentionLimit: kept ? 7 : 0,
        })
        Object.assign(options, guard(stage))
      },
    },
  })
  const databaseUrl = $interpolate`postgres://${postgres.username}:${encoded(postgres.password)}@${postgres.host}:${postgres.port}/postgres${tls}`
  const redisUrl = $interpolate`rediss://${redis.username}:${encoded(redis.password)}@${redis.host}:${redis.port}`
  return { ...tell(stage, databaseUrl, redisUrl), servers: { postgres, redis, nodes } }
}

const tell = (stage: Stage, databaseUrl: $util.Output<string>, redisUrl: $util.Output<string>): Data => {
  const secret = new aws.secretsmanager.Secret(
    'DataSecret',
    { name: secretOf(stage, 'data'), recoveryWindowInDays: stage.kept ? 30 : 0 },
    guard(stage),
  )
  new aws.secretsmanager.SecretVersion('DataSecretVersion', {
    secretId: secret.id,
    secretString: $jsonStringify({ DATABASE_URL: databaseUrl, REDIS_URL: redisUrl }),
  })
  return { databaseUrl, redisUrl, secretArn: secret.arn }
}

/** The servers of a preview: dev's, or under `sst dev`, where functions run on one's own machine, those of that machine. */
export const dataOf = (stage: Stage): Data => {
  const { DATABASE_URL, REDIS_URL } = process.env
  if (!$dev || !DATABASE_URL || !REDIS_URL) return devData()
  return tell(stage, $util.secret(DATABASE_URL), $util.secret(REDIS_URL))
}

/** dev's servers, as a preview finds them. */
const devData = (): Data => {
  const { secretString, arn } = aws.secretsmanager.getSecretVersionOutput({ secretId: secretOf(dev, 'data') })
  const told = $jsonParse(secretString).apply((v) => v as { DATABASE_URL: string; REDIS_URL: string })
  return { databaseUrl: told.DATABASE_URL, redisUrl: told.REDIS_URL, secretArn: withoutVersion(arn) }
}

const encoded = (text: $util.Input<string | undefined>) =>
  $util.output(text).apply((value) => encodeURIComponent(value ?? ''))

// The data source gives the secret's own ARN; older ones gave `secret|version`.
const withoutVersion = (arn: $util.Output<string>) => arn.apply((value) => value.split('|')[0]!)
