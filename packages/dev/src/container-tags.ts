import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { images } from './container.ts'

interface Environment {
  tags: Record<string, string>
}

const shape = /^(\d+)-[0-9a-f]{7}$/
const runOf = (tag: string) => Number(shape.exec(tag)?.[1] ?? 0)

/** An environment with every image at `tag`, `<run>-<sha7>`. One that has images of a later run stays as it is. */
export const withTag = <E extends Environment>(environment: E, tag: string): E => {
  if (!shape.test(tag)) throw new Error(`“${tag}” is no tag of a release: <run>-<sha7>`)
  if (Object.values(environment.tags).some((now) => runOf(now) > runOf(tag))) return environment
  return { ...environment, tags: Object.fromEntries(images.map(({ name }) => [name, tag])) }
}

const [, script = '', name = '', tag = ''] = process.argv
if (import.meta.url === pathToFileURL(script).href) {
  // Where the command runs: a release writes into the branch that it has checked out.
  const file = join(process.cwd(), 'k8s', 'environments', `${name}.json`)
  const environment = JSON.parse(readFileSync(file, 'utf8')) as Environment
  writeFileSync(file, `${JSON.stringify(withTag(environment, tag), undefined, 2)}\n`)
}
