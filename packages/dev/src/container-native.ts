import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from './repository.ts'

interface Manifest {
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
}

/** Packages with all that they need, as far as it is installed: parts for other machines are not. */
export const installed = (names: readonly string[]): string[] => {
  const found = new Set<string>()
  const take = (name: string) => {
    const manifest = join(repository, 'node_modules', name, 'package.json')
    if (found.has(name) || !existsSync(manifest)) return
    found.add(name)
    const { dependencies, optionalDependencies } = JSON.parse(readFileSync(manifest, 'utf8')) as Manifest
    for (const needed of Object.keys({ ...dependencies, ...optionalDependencies })) take(needed)
  }
  for (const name of names) take(name)
  return [...found].toSorted()
}
