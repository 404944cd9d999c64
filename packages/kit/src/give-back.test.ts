import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'

const children: ReturnType<typeof spawn>[] = []
afterEach(() => children.splice(0).forEach((child) => child.kill('SIGKILL')))

/** What a process that was busy holds, in MB, as it goes on. */
const holding = (how: 'quiet' | 'busy', options: string[] = ['--expose-gc']) => {
  const child = spawn(process.execPath, [...options, join(import.meta.dirname, 'give-back.fixture.ts'), how])
  children.push(child)
  const held: number[] = []
  child.stdout.on('data', (lines: Buffer) => held.push(...String(lines).trim().split('\n').map(parseFloat)))
  return held
}
const patience = { timeout: 20_000, interval: 50 }

test('a process that was busy and is quiet holds little more than it needs', async () => {
  const held = holding('quiet')
  await vi.waitFor(() => expect(held.length).toBeGreaterThan(3), patience)
  expect(held[0]).toBeGreaterThan(60)
  await vi.waitFor(() => expect(held.at(-1)).toBeLessThan(45), patience)
})

test('one that is at work is not stopped for that, and one that may not collect keeps what it has', async () => {
  const both = [holding('busy'), holding('quiet', [])]
  await vi.waitFor(() => expect(Math.min(...both.map((held) => held.length))).toBeGreaterThan(45), patience)
  for (const held of both) expect(Math.min(...held)).toBeGreaterThan(60)
})
