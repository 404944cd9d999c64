import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const measured = [
  'packages/dev/chaos/{limits,storm}.test.ts',
  'packages/dev/src/{bundle,outage,portal,removed,suspended}.test.ts',
  'packages/chat/src/slow.test.ts',
  'packages/kit/src/db-share.test.ts',
]
/** What holds for every test of the system, small or whole. */
export const all = {
  root: fileURLToPath(new URL('../..', import.meta.url)),
  pool: 'forks',
  testTimeout: 30_000,
  hookTimeout: 60_000,
  // What is waited for has as long as it needs on a machine that is busy.
  expect: { poll: { timeout: 10_000 } },
  /** In every process of tests. */
  setupFiles: 'packages/dev/src/testing/secrets.setup.ts',
} as const

/** Once for the run. */
export const globalSetup = ['packages/dev/src/testing/global-setup.ts']

export default defineConfig({
  root: all.root,
  test: {
    globalSetup,
    projects: [
      {
        test: {
          ...all,
          name: 'together',
          include: ['packages/*/src/**/*.test.ts', 'k8s/src/*.test.ts', 'packages/dev/chaos/*.test.ts'],
          exclude: [...measured, '**/*.rules.test.ts', '**/node_modules/**'],
          // Tests wait more than they work.
          maxWorkers: availableParallelism() + 1,
        },
      },
      // What is measured against the clock has the machine to itself.
      { test: { ...all, name: 'alone', include: measured, maxWorkers: 1, sequence: { groupOrder: 1 } } },
    ],
  },
})
