import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { dist, isBuilt } from '@wealist/ops-portal/build'
import { servePortal } from '@wealist/ops-portal/server'
import { repository } from './repository.ts'

/** Builds the portal where its sources have changed, in a process of its own: it would hold up everything else. */
export const buildPortal = async () => {
  if (isBuilt()) return
  const child = spawn(process.execPath, [join(repository, 'packages/ops-portal/build.ts')], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, NODE_ENV: 'production' },
  })
  let errors = ''
  child.stderr.on('data', (chunk) => (errors += String(chunk)))
  const code = await new Promise((resolve) => child.once('exit', resolve))
  if (code !== 0) throw new Error(`The portal could not be built:\n${errors}`)
}

/** The portal on a port of its own, talking to the gateway at `apiUrl`. */
export const startPortal = async ({ port, apiUrl }: { port: number; apiUrl: string }) => {
  await buildPortal()
  const server = await servePortal({ dist, apiUrl, port, host: '127.0.0.1' })
  return {
    url: `http://localhost:${port}`,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      if ('closeAllConnections' in server) server.closeAllConnections()
      await closed
    },
  }
}
