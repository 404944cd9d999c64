import { call } from '@wealist/contract/call'
import type { CallInput, RouteSpec } from '@wealist/contract/route'
import { files, uploads } from '@wealist/contract/storage'
import { defaultPorts } from '@wealist/dev/environment'
import { freePort } from '@wealist/dev/ports'
import { type Process, startProcess } from '@wealist/dev/processes'
import { heard, level } from '@wealist/dev/testing/log'
import { type StorageService, storageService } from '@wealist/dev/testing/storage-service'
import { afterAll, beforeAll, expect, test } from 'vitest'

const megabyte = 1024 * 1024
let service: StorageService
let pod: Process
let url: string
let metrics: string

beforeAll(async () => {
  service = await storageService()
  const [port, metricsPort] = [await freePort(), await freePort()]
  const { DATABASE_URL, REDIS_URL, REDIS_PREFIX, USER_URL, AUTH_ISSUER } = service.running.base.config
  const { url: endpoint, credentials, bucket } = service.s3
  pod = await startProcess(
    'storage',
    {
      ports: { ...defaultPorts, storage: port },
      gateway: port,
      databases: {},
      redis: { url: REDIS_URL, prefix: REDIS_PREFIX },
      s3: { endpoint, bucket, ...credentials },
      oidc: { issuer: 'http://127.0.0.1:1', clientId: 'none', clientSecret: 'none' },
      keysFile: '',
      more: {
        DATABASE_URL,
        USER_URL,
        AUTH_ISSUER,
        AUTH_MODE: 'gateway',
        RATE_LIMIT: '0',
        LOG_LEVEL: level,
        METRICS_PORT: String(metricsPort),
      },
    },
    heard,
  )

  url = `http://127.0.0.1:${port}`
  metrics = `http://127.0.0.1:${metricsPort}/metrics`
})
afterAll(async () => {
  await pod.stop()
  await service.stop()
})

const headers = () => service.headersOf(service.people.alice)
const ask = <R extends RouteSpec>(route: R, input: CallInput<R>) =>
  call(route, input, { base: url, headers: headers() })
const memory = async () =>
  Number(/^process_resident_memory_bytes\{?.*?\}? (\S+)$/m.exec(await (await fetch(metrics)).text())![1])
/** The most that the process had while `work` was done. */
const peak = async (work: () => Promise<unknown>) => {
  let most = await memory()
  let over = false
  const watch = (async () => {
    while (!over) {
      most = Math.max(most, await memory())
      await new Promise((resolve) => setTimeout(resolve, 250))
    }
  })()
  await work()
  over = true
  await watch
  return most
}
const throughService = async (bytes: number, name: string) => {
  const form = new FormData()
  form.set('workspaceId', service.workspaceId)
  form.set('file', new Blob([new Uint8Array(bytes)]), name)
  const answer = await fetch(`${url}/api/storage/files`, { method: 'POST', headers: headers(), body: form })
  return files.File.parse(await answer.json())
}

test('200 MB in parts and 50 MB through the service leave its memory where it was, by less than 64 MB', async () => {
  // What a process takes once for its work, whatever comes later.
  for (let i = 0; i < 4; i++) await throughService(25 * megabyte, 'warm up.bin')
  const before = await memory()
  const size = Number(process.env['UPLOAD_MB'] ?? 200) * megabyte
  const most = await peak(async () => {
    const upload = await ask(uploads.create, {
      body: { workspaceId: service.workspaceId, name: 'film.bin', size, mimeType: 'application/octet-stream' },
    })
    if (upload.mode !== 'multipart') throw new Error('200 MB came as a form')
    const parts = []
    for (const { partNumber, url: to } of upload.parts) {
      const left = size - (partNumber - 1) * upload.partSize
      const answer = await fetch(to, { method: 'PUT', body: new Uint8Array(Math.min(left, upload.partSize)) })
      parts.push({ partNumber, etag: answer.headers.get('etag')! })
    }
    const film = await ask(uploads.complete, { params: { id: upload.id }, body: { parts } })
    expect(film).toMatchObject({ name: 'film.bin', size })
    // Asked again, since the answer might have been lost.
    expect(await ask(uploads.complete, { params: { id: upload.id }, body: { parts } })).toEqual(film)
    const direct = await throughService(49 * megabyte, 'direct.bin')
    expect(direct.size).toBe(49 * megabyte)
    const { downloadUrl } = await ask(files.download, { params: { id: film.id } })
    const range = await fetch(downloadUrl, { headers: { range: 'bytes=0-9' } })
    expect([range.status, range.headers.get('content-range')]).toEqual([206, `bytes 0-9/${size}`])
  })
  const growth = Math.round((most - before) / megabyte)
  console.log(`${size / megabyte} MB in parts and 49 MB through the service: ${growth} MB more memory`)
  expect(growth).toBeLessThan(64)
}, 600_000)

test('more than 50 MB through the service is refused, and nothing of it is kept', async () => {
  const form = new FormData()
  form.set('workspaceId', service.workspaceId)
  form.set('file', new Blob([new Uint8Array(50 * megabyte + 1)]), 'large.bin')
  const refused = await fetch(`${url}/api/storage/files`, { method: 'POST', headers: headers(), body: form })
  expect(refused.status).toBe(413)
  expect(await service.rows("select from files where name = 'large.bin'")).toHaveLength(0)
  await expect.poll(() => service.rows('select from uploads where file_id is null')).toHaveLength(0)
}, 60_000)
