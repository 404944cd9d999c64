import { mkdtempSync, mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { portal } from '@wealist/ops-portal/server'
import { expect, test } from 'vitest'

const dist = mkdtempSync(join(tmpdir(), 'wealist-portal-'))
mkdirSync(join(dist, 'assets'))
writeFileSync(join(dist, 'index.html'), '<!doctype html><title>weAlist</title>')
writeFileSync(join(dist, 'icon.svg'), '<svg/>')
writeFileSync(join(dist, 'assets', 'index-a1b2.js'), 'export {}')
writeFileSync(join(dist, 'assets', 'index-a1b2.js.gz'), gzipSync('export {}'))
const app = portal({ dist, apiUrl: 'https://api.example.com/v1' })
const get = (path: string, headers: Record<string, string> = {}) => app.request(path, { headers })

test('one page for every address, never kept; the address of the API is told at run time and is all it may call', async () => {
  for (const path of ['/', '/people?q=x', '/callback?code=1', '/no/such/page']) {
    const response = await get(path)
    expect([path, response.status, response.headers.get('cache-control')]).toEqual([path, 200, 'no-cache'])
    expect(await response.text()).toContain('<title>weAlist')
    const policy = response.headers.get('content-security-policy')
    expect(policy).toContain("connect-src 'self' https://api.example.com;")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toContain('unsafe-eval')
  }
  const config = await get('/config.json')
  expect(await config.json()).toEqual({ apiUrl: 'https://api.example.com/v1' })
  expect(config.headers.get('cache-control')).toBe('no-cache')
})

test('a file of this version is kept for good and comes compressed; one of another version is 404, not a page', async () => {
  const file = await get('/assets/index-a1b2.js', { 'accept-encoding': 'gzip' })
  expect(file.headers.get('cache-control')).toContain('immutable')
  expect(file.headers.get('content-encoding')).toBe('gzip')
  const gone = await get('/assets/index-0000.js')
  expect([gone.status, gone.headers.get('cache-control')]).toEqual([404, 'no-cache'])
  expect((await get('/assets/..%2f..%2fpackage.json')).status).toBe(404)
})
