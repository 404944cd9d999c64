import { createServer } from 'node:net'
import { deployments, status } from '@wealist/contract/ops'
import { serviceNames } from '@wealist/contract/topology'
import { freePort } from '@wealist/dev/ports'
import { farEnd, keeper, type OpsService, opsService } from '@wealist/dev/testing/ops-service'
import { afterEach, expect, test } from 'vitest'

const { kept, stopAll } = keeper()
afterEach(stopAll)

const ready = (body: object, code = 200) =>
  farEnd(
    (_, response) => void response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
  )
const ok = { status: 'ok', version: '1.2.3', checks: { redis: 'ok', postgres: 'ok' } }

// Accepts and says nothing, as a process does whose event loop hangs.
const hanging = async () => {
  const sockets = new Set<{ destroy(): void }>()
  const server = createServer((socket) => void sockets.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const stop = () => {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
  return { url: `http://127.0.0.1:${port}`, stop }
}
const nobody = `http://127.0.0.1:${await freePort()}`

const opsWith = async (urls: Record<string, string>, more: Record<string, string> = {}) => {
  const env = Object.fromEntries(
    serviceNames.map((name) => [`${name.toUpperCase()}_METRICS_URL`, urls[name] ?? nobody]),
  )
  return kept(await opsService({ ...env, ...more }))
}
const asked = async (service: OpsService) => {
  const begun = performance.now()
  const answer = await service.viewer(status.get, {})
  return {
    answer,
    took: performance.now() - begun,
    of: (name: string) => answer.services.find((s) => s.name === name)!,
  }
}

test('two dead services, one that hangs, a database that refuses and no S3: answered within 2 s, and said so', async () => {
  const good = kept(await ready(ok))
  const late = kept(await hanging())
  const urls = { auth: good.url, user: good.url, chat: good.url, noti: good.url, board: late.url }
  const service = await opsWith(urls, {
    DATABASE_URL: 'postgres://nobody:nobody@127.0.0.1:1/none',
    S3_ENDPOINT: late.url,
    S3_ACCESS_KEY_ID: 'none',
    S3_SECRET_ACCESS_KEY: 'none',
  })
  const { answer, took, of } = await asked(service)
  expect(took).toBeLessThan(2000)
  expect(answer.status).toBe('down')
  expect(of('auth')).toMatchObject({
    status: 'up',
    versions: ['1.2.3'],
    replicas: { ready: 1, total: 1 },
    reason: null,
  })
  expect(of('storage')).toMatchObject({ status: 'down', responseTime: null, replicas: { ready: 0, total: 1 } })
  expect(of('storage').reason).toContain('ECONNREFUSED')
  expect(of('ops').status).toBe('down')
  expect(of('board').reason).toBe('no answer within 1.5 s')
  const pieces = Object.fromEntries(answer.infrastructure.map((p) => [p.name, p]))
  expect(pieces['redis']).toMatchObject({ status: 'up', reason: null })
  expect(pieces['postgres']).toMatchObject({ status: 'down', responseTime: null })
  expect(pieces['postgres']!.reason).toBeTruthy()
  expect(pieces['s3']).toMatchObject({ status: 'down', reason: 'no answer within 1.5 s' })
})

test('what a service says of its database makes it degraded, and so does a stop that has begun', async () => {
  const away = kept(await ready({ ...ok, status: 'degraded', checks: { redis: 'away', postgres: 'ok' } }))
  const draining = kept(await ready({ ...ok, status: 'draining' }, 503))
  const nonsense = kept(await farEnd((_, response) => void response.end('<html>')))
  const { of, answer } = await asked(await opsWith({ board: away.url, chat: draining.url, noti: nonsense.url }))
  expect(of('board')).toMatchObject({ status: 'degraded', reason: 'it cannot reach redis', checks: { redis: 'away' } })
  expect(of('chat')).toMatchObject({ status: 'degraded', reason: 'it is stopping', replicas: { ready: 0, total: 1 } })
  expect(of('noti')).toMatchObject({ status: 'down', reason: 'its answer is not what was expected' })
  expect(answer.status).toBe('down')
})

test('while Redis is away the status is still told, Redis as down', async () => {
  const service = await opsWith({})
  service.running.base.redis.disconnect()
  const { answer, took } = await asked(service)
  expect(answer.infrastructure.find((p) => p.name === 'redis')).toMatchObject({ status: 'down' })
  expect(took).toBeLessThan(2000)
  await expect.poll(() => service.running.base.redis.status).toBe('end')
  await service.running.base.redis.connect()
})

test('deployments come from Argo CD where it is configured, 503 where it does not answer, else from the services', async () => {
  const seen: { url: string | undefined; authorization: string | undefined }[] = []
  const application = {
    metadata: { name: 'wealist-prod' },
    status: {
      sync: { status: 'OutOfSync', revision: 'abc1234' },
      health: { status: 'Progressing' },
      operationState: { finishedAt: '2026-11-01T12:00:00Z' },
      summary: { images: ['wealist/board:41-abc1234'] },
    },
  }
  const argo = kept(
    await farEnd((request, response) => {
      seen.push({ url: request.url, authorization: request.headers.authorization })
      response.end(JSON.stringify({ items: [application, { metadata: { name: 'new' }, status: {} }] }))
    }),
  )
  const service = await opsWith({}, { ARGOCD_URL: argo.url, ARGOCD_TOKEN: 'argo-token' })
  const { items, source } = await service.viewer(deployments.list, {})
  expect(source).toBe('argocd')
  expect(items).toMatchObject([
    { name: 'wealist-prod', sync: 'OutOfSync', health: 'Progressing', versions: ['wealist/board:41-abc1234'] },
    { name: 'new', sync: null, versions: [] },
  ])
  expect(seen[0]!.authorization).toBe('Bearer argo-token')
  argo.stop()
  await expect(service.viewer(deployments.list, {})).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  const running = kept(await ready(ok))
  const without = await opsWith({ board: running.url })
  const answer = await without.viewer(deployments.list, {})
  expect(answer.source).toBe('services')
  expect(answer.items.find((d) => d.name === 'board')).toMatchObject({ health: 'Healthy', versions: ['1.2.3'] })
})
