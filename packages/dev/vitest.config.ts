import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['packages/*/src/**/*.test.ts', 'packages/dev/chaos/*.test.ts'],
    exclude: ['**/*.rules.test.ts', '**/node_modules/**'],
    globalSetup: ['packages/dev/src/testing/global-setup.ts'],
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
