import type { Condition, PieceStatus, ServiceStatus, Status } from '@wealist/contract/ops/status'
import { type ServiceName, serviceNames, topology } from '@wealist/contract/topology'
import * as z from 'zod'
import type { Ctx } from './deps.ts'
import { reasonOf } from './outside.ts'
import * as probe from './status.sql.ts'
import { within } from './within.ts'

const ms = 1500

/** Everything, probed at once: the slowest decides how long it takes, and none may take longer than its time. */
export const all = async (ctx: Ctx): Promise<Status> => {
  const [services, infrastructure] = await Promise.all([
    Promise.all(serviceNames.map((name) => one(ctx, name))),
    Promise.all([
      piece('postgres', () => probe.ping(ctx.db)),
      piece('redis', () => ctx.redis.ping()),
      piece('s3', () => bucket(ctx)),
    ]),
  ])
  const status = worst([...services, ...infrastructure].map((s) => s.status))
  return { status, at: new Date(ctx.clock.now()).toISOString(), services, infrastructure }
}

const bucket = async ({ objects }: Pick<Ctx, 'objects'>) => {
  const { client, HeadBucketCommand } = await objects.s3()
  return client.send(new HeadBucketCommand({ Bucket: objects.bucket }), { abortSignal: AbortSignal.timeout(ms) })
}

const order: readonly Condition[] = ['up', 'degraded', 'down']
const worst = (all: readonly Condition[]) => order[Math.max(...all.map((s) => order.indexOf(s)))] ?? 'up'

const Ready = z.object({
  status: z.enum(['ok', 'degraded', 'draining']),
  version: z.string(),
  checks: z.record(z.string(), z.enum(['ok', 'away'])),
})

/** One service: all its replicas, each asked for its readiness. */
export const one = async ({ targets }: Pick<Ctx, 'targets'>, name: ServiceName): Promise<ServiceStatus> => {
  const begun = performance.now()
  const replica = async (target: string) => {
    const ready = Ready.parse(JSON.parse((await targets.ask(target, '/health/ready')).text))
    return { ...ready, took: performance.now() - begun }
  }
  const asked = async () => Promise.allSettled((await targets.of(name)).map(replica))
  const answers = await within(ms + 100, asked()).catch((reason: unknown) => [{ status: 'rejected' as const, reason }])
  const good = answers.flatMap((a) => (a.status === 'fulfilled' ? [a.value] : []))
  const bad = answers.flatMap((a) => (a.status === 'rejected' ? [reasonOf(a.reason, ms)] : []))
  const away = Object.entries(Object.assign({}, ...good.map((g) => g.checks)) as ServiceStatus['checks'])
  const checks = Object.fromEntries(
    away.map(([what]) => [what, good.some((g) => g.checks[what] === 'away') ? ('away' as const) : ('ok' as const)]),
  )
  const failing = Object.keys(checks).filter((what) => checks[what] === 'away')
  const reasons = [
    ...bad,
    ...(good.some((g) => g.status === 'draining') ? ['it is stopping'] : []),
    ...failing.map((what) => `it cannot reach ${what}`),
  ]
  return {
    name,
    status: good.length === 0 ? 'down' : reasons.length > 0 ? 'degraded' : 'up',
    responseTime: good.length === 0 ? null : rounded(Math.max(...good.map((g) => g.took))),
    versions: [...new Set(good.map((g) => g.version))],
    replicas: { ready: good.filter((g) => g.status !== 'draining').length, total: answers.length },
    checks,
    reason: reasons.length > 0 ? [...new Set(reasons)].join('; ') : null,
  }
}

const piece = async (name: PieceStatus['name'], ask: () => Promise<unknown>): Promise<PieceStatus> => {
  const begun = performance.now()
  try {
    await within(ms, ask())
    return { name, status: 'up', responseTime: rounded(performance.now() - begun), reason: null }
  } catch (error) {
    return { name, status: 'down', responseTime: null, reason: reasonOf(error, ms) }
  }
}

const rounded = (value: number) => Math.round(value * 10) / 10

/** The services as the topology has them. */
export const services = () => ({
  items: serviceNames.map((name) => {
    const { port, owns, database, calls, uses, public: paths } = topology[name]
    return { name, port, owns, database, calls: [...calls], uses: [...uses], public: [...paths] }
  }),
  nextCursor: null,
})
