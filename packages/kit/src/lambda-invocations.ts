import { topology } from '@wealist/contract/topology'
import type * as z from 'zod'
import type { Overrides } from './base.ts'
import type { Env } from './config.ts'
import type { Redis } from './redis.ts'
import type { ServiceSpec } from './service.ts'
import { type Running, start } from './start.ts'

// Milliseconds.
const posting = 2000
const brief = 300
/** Kept from the jobs of a tick, so that what they committed is posted before the function must end. */
const margin = 5000
/** The network ends what rests for minutes, without a word to a process that is frozen. */
const doubtful = 30_000
/** A line that died silently is given up after five seconds (redis.ts), and made anew. */
const patience = 8000
const again = 50
/** So often Redis may refuse: it is away then, and not only its line. */
const refusals = 20

export type Invoke<D> = <T>(work: (service: Running<D>) => Promise<T>) => Promise<T>

/**
 * What the Lambda adapters share: one start a process, tried again by the next event where it fails, and how an
 * invocation ends. Between two of them the process is frozen, so what was committed is posted and its jobs are run,
 * briefly, before the answer, and no connection to PostgreSQL is kept.
 */
export const openInvocations = <S extends z.ZodObject, D extends object>(
  spec: ServiceSpec<S, D>,
  env: Env,
  overrides: Overrides,
): Invoke<D> => {
  const pool = topology[spec.name].database === null ? {} : { DATABASE_POOL: '2' }
  let running: Promise<Running<D>> | undefined
  let restedAt = Infinity

  const open = () => {
    running ??= start(spec, { ...pool, ...env }, { ...overrides, resident: false })
    return running.catch((error: unknown) => {
      running = undefined
      throw error
    })
  }
  return async (work) => {
    const service = await open()
    const { clock, redis } = service.base
    if (clock.now() - restedAt > doubtful) await waken(redis)
    try {
      const result = await work(service)
      await service.live.settled(posting)
      if (service.jobs?.poked) {
        await runDue(service, brief)
        await service.live.settled(posting)
      }
      return result
    } finally {
      restedAt = clock.now()
      await service.rest()
    }
  }
}

/** Runs what is due of the service's jobs until shortly before the function must end. */
export const runTick = (service: Running, context: { getRemainingTimeInMillis(): number }) =>
  runDue(service, context.getRemainingTimeInMillis() - margin)

// They stay due when that fails; the answer is what it is.
const runDue = (service: Running, ms: number) =>
  service.jobs?.runDue(ms).catch((error: unknown) => service.base.log.error({ err: error }, 'due jobs could not run'))

// The first command on a dead line would fail, and the request with it.
const waken = async (redis: Redis) => {
  const end = performance.now() + patience
  for (let refused = 0; refused < refusals && performance.now() < end;) {
    const answer = await redis.ping().catch((error: Error) => error.message)
    if (answer === 'PONG') return
    if (answer !== 'Command timed out') refused++
    await new Promise((resolve) => setTimeout(resolve, again))
  }
}
