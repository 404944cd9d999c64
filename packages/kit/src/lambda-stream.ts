import { topology } from '@wealist/contract/topology'
import { Hono } from 'hono'
import { type LambdaContext, streamHandle } from 'hono/aws-lambda'
import type * as z from 'zod'
import type { Overrides } from './base.ts'
import { answerError } from './answer.ts'
import type { Env } from './config.ts'
import { notFound, type Problem, unavailable } from './errors.ts'
import { newId } from './ids.ts'
import { openLog } from './log.ts'
import type { ServiceSpec } from './service.ts'
import { type Running, start } from './start.ts'

/** Milliseconds before the function must end at which it sends its client away. */
const margin = 5000

/**
 * The Lambda adapter for routes that answer with a stream: a function with a URL and response streaming. Each invocation
 * is one client's, and has the whole service for its life, its hub included, but for the jobs: between two invocations
 * the process is frozen, and nothing that was remembered before would be true. Shortly before the function must end, the
 * client is told to come back, and when.
 */
export const lambdaStream = <S extends z.ZodObject, D extends object>(
  spec: ServiceSpec<S, D>,
  env: Env = process.env,
  overrides: Overrides = {},
) => {
  const prefix = `/api/svc/${spec.name}`
  // A stream asks each second and holds nothing between: of its connections there are few for many.
  const few = {
    DRAIN_SECONDS: '0',
    DATABASE_IDLE_MS: '20',
    ...(topology[spec.name].database !== null && { DATABASE_POOL: '2' }),
  }
  const log = overrides.log ?? openLog({ service: spec.name, level: env['LOG_LEVEL'] ?? 'info' })
  let last: (() => Promise<void>) | undefined

  const open = async (context: LambdaContext) => {
    // Left by a client that went away while nothing was said to it: an environment has one invocation at a time.
    await last?.()
    const { jobs: _, ...streaming } = spec
    const service: Running = await start(streaming, { ...few, ...env }, { ...overrides, log })
    const leave = setTimeout(() => void service.drain(), Math.max(0, context.getRemainingTimeInMillis() - margin))
    let closed: Promise<void> | undefined
    const close = () => {
      clearTimeout(leave)
      return (closed ??= service.close().catch((error: unknown) => log.warn({ err: error }, 'a stream did not close')))
    }
    last = close
    return { service, close }
  }

  const front = new Hono<{ Bindings: { context: LambdaContext } }>()
  front.get('*', async (c) => {
    const { service, close } = await open(c.env.context)
    const url = new URL(c.req.url)
    if (url.pathname.startsWith(`${prefix}/`)) url.pathname = url.pathname.slice(prefix.length)
    const answer = await service.app.fetch(new Request(url, c.req.raw), c.env)
    if (answer.body) return new Response(endingWith(answer.body, close), answer)
    await close()
    return answer
  })
  const refuse = (problem: Problem) => {
    const { status, headers, body } = answerError(problem, newId())
    return new Response(body, { status, headers })
  }
  front.notFound(() => refuse(notFound('This address')))
  front.onError((error) => {
    log.error({ err: error }, 'a stream could not be opened')
    return refuse(unavailable('Streams cannot be opened right now.'))
  })
  return streamHandle(front)
}

// The same bytes, read as they are wanted; `close` has ended before the end of them is told.
const endingWith = (body: ReadableStream<Uint8Array>, close: () => Promise<void>) => {
  const reader = body.getReader()
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const { done, value } = await reader.read().catch(async (error: unknown) => {
          await close()
          throw error
        })
        if (value) return controller.enqueue(value)
        if (done) await close()
        controller.close()
      },
      cancel: async (reason) => {
        await reader.cancel(reason)
        await close()
      },
    },
    { highWaterMark: 0 },
  )
}
