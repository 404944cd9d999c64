import { every } from './beat.ts'
import type { Base } from './context.ts'
import { freeDead } from './jobs.locks.ts'
import { jobMetrics } from './jobs.metrics.ts'
import { relay } from './jobs.relay.ts'
import { kitJobs } from './jobs.retention.ts'
import type { JobSpec } from './jobs.registry.ts'

export { eventRetention } from './jobs.retention.ts'
export { cron, job, type JobCtx, type JobSettings, type JobSpec, type RunningJob } from './jobs.registry.ts'

/** The jobs of a running service. */
export interface Jobs {
  /** A transaction of this process added jobs that are due: they reach the worker within 50 ms, and within a second anyway. */
  poke(): void
  /** True after `poke` until the next `runDue`: there is something for the tail of this request to run. */
  readonly poked: boolean
  /**
   * Adds the recurring jobs that are due, relays, and runs what is due, for `ms` milliseconds at most; gives how many
   * runs there were. For processes without a worker: Lambda, tests. What is not done by then is given back, and left out
   * by later calls with less than five seconds.
   */
  runDue(ms: number): Promise<number>
  /** Takes nothing new, lets what runs go on for five seconds, gives back the rest. */
  stop(): Promise<void>
}

export interface JobsOptions {
  base: Pick<Base, 'db' | 'log' | 'metrics' | 'clock'>
  /** Prototype of the handlers' contexts: base and deps. */
  ctx: object
  registry: readonly JobSpec[]
  /** False where the process is frozen between requests: no worker, no timer, only `runDue`. */
  resident?: boolean
  /** Where it is not resident: whether `runDue` runs the jobs that are apart, or the others. */
  apart?: boolean
}

const second = 1000
const minute = 60_000

/**
 * Starts the jobs of a service, with the ones that kit itself has. Does not wait for PostgreSQL. The worker is loaded here:
 * it is a good part of what a function of Lambda would have to read before its first request.
 */
export const openJobs = async ({ base, ctx, registry, resident = true, apart = false }: JobsOptions): Promise<Jobs> => {
  const [{ openCrons }, { openOnce }, { concurrency, openWorker }] = await Promise.all([
    import('./jobs.cron.ts'),
    import('./jobs.once.ts'),
    import('./jobs.worker.ts'),
  ])
  const { db, log, clock } = base
  const specs = withKit(registry)
  const runs = { db, log, ctx, metrics: jobMetrics(base.metrics, db, specs) }
  const crons = openCrons(specs)
  const once = openOnce(
    runs,
    specs.filter((spec) => resident || spec.apart === apart),
  )
  let evaluated = 0

  const addDue = async () => {
    const now = clock.now()
    if (now - (now % minute) === evaluated) return
    await crons(db, now)
    evaluated = now - (now % minute)
  }

  let poked = false
  let closed = false
  let last = 0
  let timer: NodeJS.Timeout | undefined
  let working: Promise<unknown> | undefined
  let away = false
  // Once a second, not with every poke: it reads all jobs that wait for their time.
  let lookForDue = false
  const said = (error: unknown) => {
    if (!away) log.warn({ err: error }, 'jobs wait: the database does not answer')
    away = true
  }
  // One at a time; a poke that comes meanwhile is another round.
  const move = () => {
    timer = undefined
    if (working) return poke()
    last = performance.now()
    const mostDue = lookForDue ? concurrency : 0
    lookForDue = false
    working = relay(db, specs, mostDue)
      .then(({ due }) => {
        away = false
        if (due > 0) worker?.nudge(due)
      })
      .catch(said)
      .finally(() => (working = undefined))
  }
  const poke = () => {
    poked = true
    if (resident && !closed) timer ??= setTimeout(move, Math.max(0, last + 50 - performance.now()))
  }

  let beats = 0
  let again = false
  const free = async () => {
    const isRegular = beats++ % 5 === 0
    if (!isRegular && !again) return
    again = false
    const freed = await freeDead(db, specs, worker?.id())
    // What a dead process asked last may arrive only now and take the job for it: one more look, and not one after that.
    if (isRegular) again = freed > 0
  }
  const beat = () => {
    lookForDue = true
    if (!working && !timer) move()
    addDue().catch(said)
    free().catch(said)
  }
  const worker = resident ? openWorker(runs, specs) : undefined
  const rest = resident ? every(second, beat) : undefined
  if (resident) beat()

  let turn: Promise<unknown> = Promise.resolve()
  const runDue = async (ms: number) => {
    const until = new AbortController()
    const late = setTimeout(() => until.abort(new Error(`no end after ${ms} ms`)), ms)
    poked = false
    try {
      const before = evaluated
      await addDue()
      if (evaluated !== before) await freeDead(db, specs)
      let ran = 0
      let { moved } = await relay(db, specs)
      do {
        ran += await once({ until: until.signal, brief: ms < 5 * second })
        moved = ran > 0 ? (await relay(db, specs)).moved : 0
      } while (moved > 0 && !until.signal.aborted)
      return ran
    } finally {
      clearTimeout(late)
    }
  }

  return {
    poke,
    get poked() {
      return poked
    },
    runDue: (ms) => {
      const mine = turn.then(() => runDue(ms))
      turn = mine.catch(() => undefined)
      return mine
    },
    stop: async () => {
      closed = true
      rest?.()
      clearTimeout(timer)
      await worker?.stop()
      await working
      await turn
    },
  }
}

// A service that lists a job by the name of one of kit's own replaces it.
const withKit = (registry: readonly JobSpec[]) => {
  const names = new Set(registry.map((spec) => spec.name))
  if (names.size < registry.length) throw new Error('two jobs have the same name')
  return [...registry, ...kitJobs.filter((spec) => !names.has(spec.name))]
}
