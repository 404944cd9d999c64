import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import tests from './vitest.config.ts'

/** `npm run chaos [name]`: the same files that `npm test` runs small, in the size that the README speaks of. */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    ...tests.test!,
    include: ['packages/dev/chaos/*.test.ts'],
    fileParallelism: false,
    env: { CHAOS: 'whole' },
    testTimeout: 30 * 60_000,
  },
})
