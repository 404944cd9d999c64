import type { BuildOptions } from 'esbuild'
import { repository } from './repository.ts'

/**
 * An option of Node by which a stack names the lines of the sources, in images and functions. `--enable-source-maps` does
 * that too, but has pino read all maps for the name of who opens a log, which is a fifth of a start.
 */
export const withSourceMaps = '--import=data:text/javascript,process.setSourceMapsEnabled(true)'

/**
 * Options of Node in images. A young generation of 16 MB, whatever the machine has: on a large one V8 lets it grow to
 * 64, twice, and keeps that for good, which is more than ten thousand quiet sockets weigh. A service that is quiet may
 * collect (kit/give-back.ts).
 */
export const inImages = `${withSourceMaps} --max-semi-space-size=16 --expose-gc`

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
