import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { runtimeClient } from './lambda-ric.ts'

/**
 * Milliseconds from the start of a process until its runtime asks for the first event: what Lambda reports as Init
 * Duration, as far as this machine is one.
 */
export const initOf = async (dir: string): Promise<number> => {
  const { main, shim } = await runtimeClient()
  const asked = Promise.withResolvers<number>()
  let begun = 0
  const server = createServer((request, response) => {
    if (request.url?.endsWith('/next')) return asked.resolve(performance.now() - begun)
    response.end()
    asked.reject(new Error('the function could not be loaded'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  begun = performance.now()
  const child = spawn(process.execPath, ['--import', `file://${shim}`, main], {
    cwd: dir,
    stdio: 'ignore',
    env: {
      AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${(server.address() as AddressInfo).port}`,
      AWS_LAMBDA_FUNCTION_NAME: 'init',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1024',
      AWS_LAMBDA_LOG_GROUP_NAME: 'init',
      AWS_LAMBDA_LOG_STREAM_NAME: 'init',
      LAMBDA_TASK_ROOT: dir,
      _HANDLER: 'index.handler',
    },
  })
  child.once('exit', () => asked.reject(new Error('the function has ended')))
  try {
    return await asked.promise
  } finally {
    child.kill('SIGKILL')
    server.closeAllConnections()
    server.close()
  }
}
