import { readFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { Plugin } from 'esbuild'

const beside = `new URL('../migrations/', import.meta.url)`

/**
 * In a bundle every module lies where the bundle lies, so kit's migrations and a service's would be one folder. Each is
 * looked for under its owner's name beside the bundle instead.
 */
export const migrationsBeside: Plugin = {
  name: 'migrations beside the bundle',
  setup: (build) =>
    build.onLoad({ filter: /packages[\\/]\w+[\\/]src[\\/](service|migrate)\.ts$/ }, async ({ path }) => {
      const owner = basename(dirname(dirname(path)))
      const text = await readFile(path, 'utf8')
      if (text.includes('/migrations/') && !text.includes(beside))
        throw new Error(`${path} finds its migrations in a way that the bundle of a container does not know`)
      return { contents: text.replaceAll(beside, `new URL('./migrations/${owner}/', import.meta.url)`), loader: 'ts' }
    }),
}
