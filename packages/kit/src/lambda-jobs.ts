import type * as z from 'zod'
import type { Env } from './config.ts'
import type { ServiceSpec } from './service.ts'
import { type Running, start } from './start.ts'

/** The Lambda adapter for the jobs of a service that are `apart`: the minute's schedule runs what is due of them. */
export const lambdaJobs = <S extends z.ZodObject, D extends object>(
  spec: ServiceSpec<S, D>,
  env: Env = process.env,
) => {
  let running: Promise<Running<D>> | undefined
  return async (): Promise<{ statusCode: number }> => {
    running ??= start(spec, { DATABASE_POOL: '2', ...env }, { resident: false, apart: true })
    const service = await running.catch((error: unknown) => {
      running = undefined
      throw error
    })
    await service.jobs?.runDue(50_000)
    await service.rest()
    return { statusCode: 204 }
  }
}
