import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from '../repository.ts'

/** A source file as the rules see it: `path` is relative to the repository, imports are the specifiers as written. */
export interface Source {
  path: string
  /** The workspace package it belongs to: `board`, `kit`. */
  owner: string
  text: string
  imports: string[]
}

const specifiers = /(?:\bfrom\s*|\bimport\s*\(\s*|^\s*import\s+)(['"])([^'"]+)\1/gm

export const source = (path: string, text: string): Source => ({
  path,
  owner: path.split('/')[1] ?? '',
  text,
  imports: [...text.matchAll(specifiers)].map((m) => m[2]!),
})

// Every TypeScript file of every package.
export const sources = (): Source[] =>
  globSync('packages/*/src/**/*.{ts,tsx}', { cwd: repository })
    .map((path) => path.replaceAll('\\', '/'))
    .toSorted()
    .map((path) => source(path, readFileSync(join(repository, path), 'utf8')))

export const isTest = (s: Source) => /\.(test|rules\.test)\.tsx?$/.test(s.path)
