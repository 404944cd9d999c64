import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startGateway } from './gateway.ts'
import { repository } from './repository.ts'
import { testWorld } from './testing/world.ts'

test('a real client over the gateway: signs up and in both ways, works with another, loses its connection and misses nothing', async () => {
  const world = await testWorld()
  const targets = Object.fromEntries(Object.entries(world.local.ports).map(([name, port]) => [name, { port }])) as never
  const gateway = await startGateway({ port: world.local.gateway, targets })
  try {
    const child = spawn(process.execPath, [join(repository, 'packages/dev/acceptance/client.ts')], {
      env: { ...process.env, ORIGIN: `http://localhost:${gateway.port}` },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    child.stdout.on('data', (chunk) => (output += String(chunk)))
    child.stderr.on('data', (chunk) => (output += String(chunk)))
    const code = await new Promise((resolve) => child.once('exit', resolve))
    expect(output).toContain('all of it holds')
    expect(code).toBe(0)
  } finally {
    await gateway.stop()
    await world.stop()
  }
}, 60_000)
