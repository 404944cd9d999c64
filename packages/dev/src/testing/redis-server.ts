import { execFileSync, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { whenGone } from '../lifeline.ts'
import { freePort } from '../ports.ts'

/** Whether a real redis-server is on this machine. */
export const hasRedisServer = () => {
  try {
    execFileSync('redis-server', ['--version'])
    return true
  } catch {
    return false
  }
}

/** A real cluster of three nodes, each with a third of the slots. */
export const startCluster = async () => {
  const dir = await mkdtemp(join(tmpdir(), 'wealist-cluster-'))
  const ports = await Promise.all([freePort(), freePort(), freePort()])
  // By itself a node talks to the others on its port + 10,000, which an outgoing connection may have.
  const buses = await Promise.all([freePort(), freePort(), freePort()])
  const nodes = ports.map((port, i) =>
    spawn(
      'redis-server',
      [
        '--port',
        String(port),
        '--bind',
        '127.0.0.1',
        '--cluster-enabled',
        'yes',
        '--cluster-port',
        String(buses[i]),
        '--save',
        '',
        '--cluster-config-file',
        join(dir, `${port}.conf`),
      ],
      { cwd: dir, stdio: 'ignore' },
    ),
  )
  for (const node of nodes) node.once('exit', whenGone('kill -9 "$1"', String(node.pid)))
  const patience = { retryStrategy: () => 50, maxRetriesPerRequest: null }
  const clients = ports.map((port) => new Redis(port, '127.0.0.1', patience))
  for (const client of clients) client.on('error', () => undefined)
  const third = Math.ceil(16_384 / 3)
  for (const [i, client] of clients.entries()) {
    await client.cluster('ADDSLOTSRANGE', i * third, Math.min(16_383, (i + 1) * third - 1))
    if (i > 0) await clients[0]!.cluster('MEET', '127.0.0.1', ports[i]!, buses[i]!)
  }
  for (const client of clients)
    while (!String(await client.cluster('INFO')).includes('cluster_state:ok'))
      await new Promise((r) => setTimeout(r, 50))
  return {
    url: `redis://127.0.0.1:${ports[0]}`,
    /** The channels of sharded pub/sub that somebody listens to, on all nodes. */
    sharded: async () => (await Promise.all(clients.map((c) => c.pubsub('SHARDCHANNELS')))).flat() as string[],
    stop: async () => {
      for (const client of clients) client.disconnect()
      for (const node of nodes) node.kill('SIGKILL')
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** A real Redis that writes down what it is told (AOF), and can be killed and started again on it. */
export const startRedisServer = async ({ fsync = 'everysec' } = {}) => {
  const dir = await mkdtemp(join(tmpdir(), 'wealist-redis-'))
  const port = await freePort()
  const begin = async () => {
    const args = [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--appendonly',
      'yes',
      '--appendfsync',
      fsync,
    ]
    const child = spawn('redis-server', args, { cwd: dir, stdio: 'ignore' })
    child.once('exit', whenGone('kill -9 "$1"', String(child.pid)))
    const client = new Redis(port, '127.0.0.1', { retryStrategy: () => 50, maxRetriesPerRequest: null })
    client.on('error', () => undefined)
    await client.ping()
    client.disconnect()
    return child
  }
  let child = await begin()
  const kill = async () => {
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await ended
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    down: kill,
    up: async () => void (child = await begin()),
    stop: async () => {
      await kill()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
