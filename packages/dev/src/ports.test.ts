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
