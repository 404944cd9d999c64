import type { IncomingMessage } from 'node:http'
import { type Environment, type EnvironmentOptions, startEnvironment } from './lambda-environment.ts'

/** What Lambda takes and gives in one invocation. */
export const mostBytes = 6 * 1024 * 1024

export interface FunctionOptions extends EnvironmentOptions {
  /** Milliseconds an invocation may take. */
  timeout: number
  /** Invocations at once, past which it is throttled: its reserved concurrency. */
  most?: number
  /** Processes at once: this machine's limit, past which an invocation waits, as it would not at AWS. */
  processes?: number
}

export class Throttled extends Error {}

/** A function of Lambda: as many environments as there are invocations at once, each with one at a time. */
export const lambdaFunction = ({ timeout, most = 1000, processes = 8, ...options }: FunctionOptions) => {
  const idle: Environment[] = []
  const all = new Set<Environment>()
  const waiting: (() => void)[] = []
  let starting = 0
  let under = 0

  const take = async (): Promise<Environment> => {
    for (;;) {
      for (let found = idle.pop(); found; found = idle.pop()) if (found.alive) return found
      for (const one of all) if (!one.alive) all.delete(one)
      if (all.size + starting < processes) break
      await new Promise<void>((resolve) => waiting.push(resolve))
    }
    starting++
    const made = await startEnvironment(options).finally(() => starting--)
    all.add(made)
    return made
  }
  const give = (environment: Environment) => {
    under--
    if (environment.alive) idle.push(environment)
    waiting.shift()?.()
  }
  const invoke = async (event: unknown): Promise<IncomingMessage> => {
    if (under >= most) throw new Throttled(`${options.name} has ${most} invocations already`)
    under++
    const environment = await take().catch((error: unknown) => {
      under--
      throw error
    })
    const response = await environment.invoke({ event, timeout }).catch((error: unknown) => {
      give(environment)
      throw error
    })
    response.on('close', () => give(environment))
    return response
  }
  return {
    /** The response as it streams. */
    stream: invoke,
    /** The whole response as JSON. */
    call: async <T>(event: unknown): Promise<T> => {
      if (JSON.stringify(event).length > mostBytes) throw new RangeError('the event is larger than 6 MB')
      const chunks: Buffer[] = []
      let size = 0
      for await (const chunk of await invoke(event)) {
        size += (chunk as Buffer).length
        chunks.push(chunk as Buffer)
      }
      if (size > mostBytes) throw new RangeError('the response is larger than 6 MB')
      return JSON.parse(Buffer.concat(chunks).toString()) as T
    },
    /** Invocations under way. */
    get under() {
      return under
    },
    /** Environments there are. */
    get size() {
      return [...all].filter((one) => one.alive).length
    },
    stop: () => {
      for (const one of all) one.stop()
    },
  }
}
export type LambdaFunctionHandle = ReturnType<typeof lambdaFunction>
