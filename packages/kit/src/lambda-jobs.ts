import type * as z from 'zod'
import type { Env } from './config.ts'
import { openInvocations, runTick } from './lambda-invocations.ts'
import type { ServiceSpec } from './service.ts'

/** The Lambda adapter for the jobs of a service that are `apart`: the minute's schedule runs what is due of them. */
export const lambdaJobs = <S extends z.ZodObject, D extends object>(
  spec: ServiceSpec<S, D>,
  env: Env = process.env,
) => {
  const invoke = openInvocations(spec, env, { apart: true })
  return async (_: unknown, context: { getRemainingTimeInMillis(): number }): Promise<{ statusCode: number }> => {
    await invoke((service) => Promise.resolve(runTick(service, context)))
    return { statusCode: 204 }
  }
}
