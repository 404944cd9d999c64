import type { BuildOptions } from 'esbuild'
import { repository } from './repository.ts'

/**
 * An option of Node by which a stack names the lines of the sources, in images and functions. `--enable-source-maps` does
 * that too, but has pino read all maps for the name of who opens a log, which is a fifth of a start.
 */
export const withSourceMaps = '--import=data:text/javascript,process.setSourceMapsEnabled(true)'

/** How our code is bundled for Node, as a function of Lambda or into an image. */
export const forNode = {
  bundle: true,
  minify: true,
  sourcemap: 'linked',
  platform: 'node',
  mainFields: ['module', 'main'],
  target: 'node24',
  format: 'esm',
  // Brought along by what needs it, and never there.
  external: ['sharp', 'pg-native'],
  // Packages that are not ESM ask for Node's modules by require.
  banner: {
    js: "import{createRequire as topLevelCreateRequire}from'node:module';const require=topLevelCreateRequire(import.meta.url);",
  },
  logLevel: 'error',
  absWorkingDir: repository,
} satisfies BuildOptions
