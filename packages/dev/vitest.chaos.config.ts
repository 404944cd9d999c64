import { defineConfig } from 'vitest/config'
import { all, globalSetup } from './vitest.config.ts'

/** `npm run chaos [name]`: the same files that `npm test` runs small, in the size that the README speaks of. */
export default defineConfig({
  root: all.root,
  test: {
    ...all,
    globalSetup,
    include: ['packages/dev/chaos/*.test.ts'],
    fileParallelism: false,
    env: { CHAOS: 'whole' },
    testTimeout: 30 * 60_000,
  },
})
