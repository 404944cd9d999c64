import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Env } from '@wealist/kit/config'
import { withSourceMaps } from './for-node.ts'
import { runtimeClient } from './lambda-ric.ts'
import { whenGone } from './lifeline.ts'

export interface EnvironmentOptions {
  name: string
  /** The unpacked bundle, with `index.mjs`. */
  dir: string
  env: Env
  /** Gets what the function prints. */
  onLine?: ((line: string) => void) | undefined
}

/** One invocation: what comes back is the POST of the response, as it streams. */
export interface Invocation {
  event: unknown
  /** Milliseconds until the environment is ended. */
  timeout: number
}

/** An execution environment of Lambda: one process, one invocation at a time, frozen between two. */
export interface Environment {
  readonly alive: boolean
  invoke(invocation: Invocation): Promise<IncomingMessage>
  stop(): void
}

interface Pending extends Invocation {
  id: string
  resolve(response: IncomingMessage): void
  reject(error: Error): void
}

/** Starts a process with the Runtime Interface Client and serves it the Runtime API. */
export const startEnvironment = async ({ name, dir, env, onLine }: EnvironmentOptions): Promise<Environment> => {
  const { main, shim } = await runtimeClient()
  let waiting: ServerResponse | undefined
  let pending: Pending | undefined
  let alive = true

  const server = createServer((request, response) => {
    const [, what, part] =
      /^\/2018-06-01\/runtime\/(?:invocation\/)?([^/]+)(?:\/(response|error))?$/.exec(request.url ?? '') ?? []
    if (what === 'next') {
      waiting = response
      if (pending) hand()
      else freeze()
      return
    }
    const of = pending
    pending = undefined
    if (part === 'response' && of) {
      // Read by who invoked; the client goes on once all of it was taken.
      request.on('end', () => response.writeHead(202).end())
      return of.resolve(request)
    }
    void request.toArray().then((chunks) => {
      response.writeHead(202).end()
      of?.reject(new Error(`${name}: ${Buffer.concat(chunks).toString().slice(0, 2000)}`))
    })
  })
  server.requestTimeout = 0
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const api = `127.0.0.1:${(server.address() as AddressInfo).port}`

  const child = spawn(process.execPath, [withSourceMaps, '--import', `file://${shim}`, main], {
    cwd: dir,
    env: {
      PATH: process.env['PATH'],
      ...env,
      AWS_LAMBDA_RUNTIME_API: api,
      AWS_LAMBDA_FUNCTION_NAME: name,
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1024',
      AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
      AWS_LAMBDA_LOG_STREAM_NAME: 'local',
      LAMBDA_TASK_ROOT: dir,
      _HANDLER: 'index.handler',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const callOff = whenGone('kill -9 "$1"', String(child.pid))
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      for (const line of String(chunk).split('\n')) if (line) onLine?.(line)
    })
  child.once('exit', (code, signal) => {
    alive = false
    callOff()
    server.closeAllConnections()
    server.close()
    pending?.reject(new Error(`${name} has ended (${signal ?? code})`))
  })

  const signal = (which: NodeJS.Signals) => alive && process.platform !== 'win32' && child.kill(which)
  const freeze = () => setImmediate(() => !pending && signal('SIGSTOP'))
  const hand = () => {
    const response = waiting!
    const { id, event, timeout } = pending!
    waiting = undefined
    signal('SIGCONT')
    response
      .writeHead(200, {
        'content-type': 'application/json',
        'lambda-runtime-aws-request-id': id,
        'lambda-runtime-deadline-ms': String(Date.now() + timeout),
        'lambda-runtime-invoked-function-arn': `arn:aws:lambda:ap-northeast-2:000000000000:function:${name}`,
      })
      .end(JSON.stringify(event))
  }
  const stop = () => void child.kill('SIGKILL')

  return {
    get alive() {
      return alive
    },
    invoke: (invocation) =>
      new Promise<IncomingMessage>((resolve, reject) => {
        // Whoever is too slow is ended, with all that the process remembered.
        const late = setTimeout(stop, invocation.timeout)
        const over =
          <T>(then: (value: T) => void) =>
          (value: T) => {
            clearTimeout(late)
            then(value)
          }
        pending = { ...invocation, id: randomUUID(), resolve, reject: over(reject) }
        const answered = pending.resolve
        pending.resolve = (response) => {
          response.on('close', () => clearTimeout(late))
          answered(response)
        }
        if (!alive) pending.reject(new Error(`${name} has ended`))
        else if (waiting) hand()
      }),
    stop,
  }
}
