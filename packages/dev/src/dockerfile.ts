import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

interface Instruction {
  name: string
  rest: string
}
/** What an image says of how it runs. */
export interface Built {
  /** The folder that stands for the image's root. */
  root: string
  from: string
  workdir: string
  user: string | undefined
  env: Record<string, string>
  cmd: string[]
}

const parse = (text: string): Instruction[] =>
  text
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line && !line.startsWith('#'))
    .map((line) => ({ name: line.split(' ')[0]!, rest: line.slice(line.indexOf(' ') + 1) }))

// What a build finds on the machine: where programs are, and how npm reaches its registry from here.
const machine = Object.fromEntries(
  Object.entries(process.env).filter(([name]) =>
    /^(PATH|HOME|npm_config_.*|https?_proxy|no_proxy|NODE_EXTRA_CA_CERTS)$/i.test(name),
  ),
)

/**
 * Runs the steps of a Dockerfile in folders instead of images: no isolation and no layers, and nothing of the base images.
 * What it does not know it refuses. For proving that the steps work on a machine that has no Docker engine.
 */
export const runDockerfile = (file: string, context: string, out: string, args: Record<string, string>): Built => {
  const stages = new Map<string, Built>()
  let stage: Built | undefined
  let values: Record<string, string> = {}
  const filled = (text: string) => text.replaceAll(/\$\{?(\w+)\}?/g, (_, name: string) => values[name] ?? '')
  const at = (path: string) =>
    path.startsWith('/') ? join(stage!.root, path) : join(stage!.root, stage!.workdir, path)

  const steps: Record<string, (rest: string) => void> = {
    FROM: (rest) => {
      const [from, , name = `stage-${stages.size}`] = rest.split(' ')
      stage = { root: join(out, name), from: from!, workdir: '/', user: undefined, env: {}, cmd: [] }
      values = {}
      stages.set(name, stage)
      mkdirSync(stage.root, { recursive: true })
    },
    ARG: (rest) => {
      const [name, otherwise = ''] = rest.split('=')
      values[name!] = args[name!] ?? otherwise
    },
    ENV: (rest) => {
      for (const [, name, value] of rest.matchAll(/(\w+)=(\S+)/g)) stage!.env[name!] = values[name!] = filled(value!)
    },
    WORKDIR: (rest) => {
      stage!.workdir = rest
      mkdirSync(at('.'), { recursive: true })
    },
    COPY: (rest) => {
      const words = rest.split(' ')
      const from = words[0]!.startsWith('--from=') ? stages.get(words.shift()!.slice('--from='.length))!.root : context
      const to = words.pop()!
      for (const source of words) copy(join(from, source), at(to), to.endsWith('/'))
    },
    RUN: (rest) => {
      const { status, stderr } = spawnSync('sh', ['-ec', rest], {
        cwd: at('.'),
        env: { ...machine, ...stage!.env, ...values },
        encoding: 'utf8',
      })
      if (status !== 0) throw new Error(`RUN ${rest}: ${stderr.slice(-2000)}`)
    },
    USER: (rest) => void (stage!.user = rest),
    CMD: (rest) => void (stage!.cmd = JSON.parse(rest) as string[]),
  }
  for (const { name, rest } of parse(readFileSync(file, 'utf8'))) {
    const step = steps[name]
    if (!step) throw new Error(`This runs no ${name}.`)
    step(rest)
  }
  return stage!
}

// A folder's contents go into the target, a file into the folder or under the name that is said.
const copy = (from: string, to: string, intoFolder: boolean) => {
  if (!existsSync(from)) throw new Error(`COPY: ${from} does not exist`)
  const isFile = statSync(from).isFile()
  const target = isFile && intoFolder ? join(to, basename(from)) : to
  mkdirSync(isFile ? dirname(target) : target, { recursive: true })
  cpSync(from, target, { recursive: true })
}

/** The files that the build may see, by its .dockerignore: `*`, then what is let in, then what is left out of that. */
export const contextOf = (repository: string, ignore: string, out: string) => {
  const lines = readFileSync(ignore, 'utf8').split('\n').filter(Boolean)
  if (lines[0] !== '*') throw new Error('Expected a list that leaves everything out first.')
  const allowed = lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1))
  const left = lines
    .slice(1)
    .filter((line) => !line.startsWith('!'))
    .map((line) => line.replace('**/', ''))
  const isLeft = (path: string) =>
    left.some((name) => (name.startsWith('*') ? path.endsWith(name.slice(1)) : basename(path) === name))
  for (const name of allowed)
    for (const path of globSync(name, { cwd: repository }))
      cpSync(join(repository, path), join(out, path), { recursive: true, filter: (source) => !isLeft(source) })
}
