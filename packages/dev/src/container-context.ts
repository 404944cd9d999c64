import { cpSync, mkdirSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The rules of a .dockerignore: the last line that speaks of a path, or of a folder above it, decides. */
export const ignoring = (text: string) => {
  const rules = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line && !line.startsWith('#'))
    .map((line) => ({ kept: line.startsWith('!'), pattern: patternOf(line.replace(/^!/, '')) }))
  return (path: string) => {
    const above = path.split('/').map((_, i, parts) => parts.slice(0, i + 1).join('/'))
    return rules.findLast(({ pattern }) => above.some((part) => pattern.test(part)))?.kept === false
  }
}

// A star stands for names that begin with a dot, too: in Node's own globs it does not.
const patternOf = (glob: string) => {
  const parts = glob.split(/(\*\*\/|\*)/).map((part) => {
    if (part === '**/') return '(?:.*/)?'
    return part === '*' ? '[^/]*' : part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&')
  })
  return new RegExp(`^${parts.join('')}$`)
}

/** Copies what a builder is given of a checkout. */
export const copyContext = (checkout: string, ignore: string, to: string) => {
  const ignored = ignoring(ignore)
  const walk = (folder: string) => {
    for (const entry of readdirSync(join(checkout, folder), { withFileTypes: true })) {
      const path = folder ? `${folder}/${entry.name}` : entry.name
      if (ignored(path)) continue
      if (entry.isDirectory()) walk(path)
      else {
        mkdirSync(dirname(join(to, path)), { recursive: true })
        cpSync(join(checkout, path), join(to, path))
      }
    }
  }
  walk('')
}
