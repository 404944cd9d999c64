import { room } from './connections.ts'
import type { Servers } from './data.ts'
import type { Stage } from './stage.ts'

interface Watched {
  namespace: 'AWS/RDS' | 'AWS/ElastiCache'
  metric: string
  dimensions: Record<string, $util.Input<string>>
  /** Above that, or for what is used up below it, for a quarter of an hour. */
  above?: number
  below?: number
}

const GiB = 1024 ** 3

/**
 * What fills up before anything fails, of the servers that Prometheus does not see. Whoever is to be told subscribes to
 * the topic, once: its name is what the deployment prints.
 */
export const makeAlarms = (stage: Stage, { postgres, redis, nodes }: Servers) => {
  const topic = new aws.sns.Topic('Alarms', { name: `wealist-${stage.name}-alarms` })
  const database = { DBInstanceIdentifier: postgres.nodes.instance!.identifier }
  const alarm = (name: string, { namespace, metric, dimensions, above, below }: Watched) =>
    new aws.cloudwatch.MetricAlarm(name, {
      name: `wealist-${stage.name}-${name}`,
      alarmDescription: `k8s/runbook.md, ${name}`,
      namespace,
      metricName: metric,
      dimensions,
      statistic: 'Average',
      period: 300,
      evaluationPeriods: 3,
      comparisonOperator: above === undefined ? 'LessThanThreshold' : 'GreaterThanThreshold',
      threshold: above ?? below!,
      alarmActions: [topic.arn],
      okActions: [topic.arn],
    })
  const ofDatabase = (name: string, metric: string, bound: { above: number } | { below: number }) =>
    alarm(name, { namespace: 'AWS/RDS', metric, dimensions: database, ...bound })
  // Storage grows by itself up to its bound, and begins to once less than this is left.
  ofDatabase('PostgresStorage', 'FreeStorageSpace', { below: 2 * GiB })
  ofDatabase('PostgresProcessor', 'CPUUtilization', { above: 80 })
  ofDatabase('PostgresConnections', 'DatabaseConnections', {
    above: Math.floor(0.9 * room(stage.kept ? 'prod' : 'dev')),
  })
  for (let n = 1; n <= nodes; n++) {
    const dimensions = { CacheClusterId: $interpolate`${redis.clusterId}-00${n}` }
    const ofNode = (what: string, metric: string, above: number) =>
      alarm(`Redis${what}${n}`, { namespace: 'AWS/ElastiCache', metric, dimensions, above })
    // Nothing is put out for want of room: full, it takes no sign-in and no revocation.
    ofNode('Memory', 'DatabaseMemoryUsagePercentage', 75)
    ofNode('Processor', 'EngineCPUUtilization', 80)
  }
  return topic.arn
}
