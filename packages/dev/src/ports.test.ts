import { once } from 'node:events'
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawn, spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { takeLock } from './lock.ts'
import { freePort, holderOf, isFree } from './ports.ts'

test.each(['127.0.0.1', '0.0.0.0', '::'])('a port taken on %s is not free, and who holds it is named', async (host) => {
  const port = await freePort()
  expect([await isFree(port), holderOf(port)]).toEqual([true, undefined])
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(port, host, resolve))
  try {
    expect(await isFree(port)).toBe(false)
    expect(holderOf(port)).toMatch(new RegExp(`^pid ${process.pid}\\b.*node`))
  } finally {
    await new Promise((resolve) => server.close(resolve))
  }
  expect(await isFree(port)).toBe(true)
})

test('two processes that look for ports at the same time have none in common, whatever their ids', async () => {
  const script = `process.once('message', async () => {
    const { freePort } = await import(${JSON.stringify(import.meta.resolve('./ports.ts'))})
    for (let i = 0; i < 50; i++) process.send(await freePort())
    process.disconnect()
  })`
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const slot = 20_000 + (child.pid! % 60) * 200
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(slot, '127.0.0.1', resolve))
  const ports: number[] = []
  child.on('message', (port: number) => ports.push(port))
  child.send('go')
  await once(child, 'exit')
  other.close()
  expect(ports).toHaveLength(50)
  expect(ports.filter((port) => port >= slot && port < slot + 200)).toEqual([])
})

test('a lock is held by one; that of a process which has ended, or is another program by now, is taken over', () => {
  const dir = mkdtempSync(join(tmpdir(), 'lock-'))
  const file = join(dir, 'lock')
  const release = takeLock(file)
  expect(readdirSync(dir)).toEqual(['lock'])
  release()
  const ended = spawnSync(process.execPath, ['-e', '']).pid
  for (const pid of [ended, process.ppid, 0]) {
    writeFileSync(file, String(pid))
    takeLock(file)()
  }
  expect(readdirSync(dir)).toEqual([])
})

test.each(['start.ts', 'data.ts'])('a lock of another %s that runs stays its own, and who holds it is told', (name) => {
  const file = join(mkdtempSync(join(tmpdir(), 'lock-')), 'lock')
  const { pid, kill } = running(name)
  try {
    writeFileSync(file, String(pid))
    expect(() => takeLock(file)).toThrow(`running already (pid ${pid})`)
  } finally {
    kill()
  }
})
const running = (name: string) => {
  const child = spawn(process.execPath, ['-e', 'setTimeout(() => undefined, 60_000)', name])
  return { pid: child.pid!, kill: () => child.kill('SIGKILL') }
}
