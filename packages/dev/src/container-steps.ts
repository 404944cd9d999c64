import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import type { Instruction, Stage } from './container-file.ts'

export interface Built {
  /** The root of its file system. */
  root: string
  workdir: string
  env: Record<string, string>
  /** Arguments of the build, as far as the stage asks for them. */
  args: Record<string, string>
  user: string
  cmd: string[]
}

export interface StepsOptions {
  stages: readonly Stage[]
  /** What the builder was given: what `COPY` copies. */
  context: string
  /** Where stages are made. */
  dir: string
  /** Fills the root of a stage that stands on an image of a registry. */
  base(image: string, root: string): void
}

/**
 * Does what a Dockerfile says, in folders: a stage is a folder, `COPY` copies, `RUN` runs in the stage's folder with this
 * machine's tools. A stage is made once for the same arguments, as a layer cache would. A command that names an absolute
 * path is refused: it would leave the folder.
 */
export const stepsOf = ({ stages, context, dir, base }: StepsOptions) => {
  const made = new Map<string, Built>()
  const find = (name: string) => stages.find((stage) => stage.name === name)
  const needs = ({ from, steps }: Stage): boolean =>
    steps.some(({ name, flags }) => name === 'ARG' || (flags['from'] && needs(find(flags['from'])!))) ||
    (find(from) ? needs(find(from)!) : false)

  const build = (name: string, given: Record<string, string> = {}): Built => {
    const stage = find(name)
    if (!stage) throw new Error(`there is no stage ${name}`)
    const key = needs(stage) ? `${name} ${JSON.stringify(given)}` : name
    const before = made.get(key)
    if (before) return before
    const built = begin(stage, given)
    for (const step of stage.steps) doers[step.name]!(built, step, given)
    made.set(key, built)
    return built
  }

  const begin = ({ name, from }: Stage, given: Record<string, string>): Built => {
    const root = mkdtempSync(join(dir, `${name}-`))
    chmodSync(root, 0o755)
    if (!find(from)) {
      base(from, root)
      return { root, workdir: '/', env: {}, args: {}, user: 'root', cmd: [] }
    }
    const under = build(from, given)
    // Linked, not copied: packages are 700 MB, and no step writes into a file that is there.
    execFileSync('cp', ['-al', `${under.root}/.`, root])
    return { ...under, root, env: { ...under.env }, args: {} }
  }

  const doers: Record<string, (built: Built, step: Instruction, given: Record<string, string>) => void> = {
    ARG: ({ args }, { text }, given) => {
      const [name = '', otherwise = ''] = text.split('=')
      args[name] = given[name] ?? otherwise
    },
    ENV: (built, { text }) => {
      const [, name, , value] = /^(\w+)=("?)([^"\s]+|[^"]+(?="))\2$/.exec(text) ?? []
      if (!name || value === undefined) throw new Error(`ENV ${text} is not understood`)
      built.env[name] = value.replace(/^\$(\w+)$/, (_, arg: string) => built.args[arg] ?? '')
    },
    WORKDIR: (built, { text }) => {
      built.workdir = text
      mkdirSync(join(built.root, text), { recursive: true })
    },
    USER: (built, { text }) => void (built.user = text),
    CMD: (built, { text }) => void (built.cmd = JSON.parse(text) as string[]),
    COPY: ({ root, workdir }, { flags, text }, given) => {
      const words = text.split(/\s+/)
      const to = words.pop()!
      const from = flags['from'] ? build(flags['from'], given).root : context
      for (const word of words) {
        const source = join(from, word)
        const target = join(root, resolve(workdir, to))
        // Of a folder Docker copies what is in it; a file goes into a folder where the target is named as one.
        const file = !statSync(source).isDirectory() && to.endsWith('/')
        mkdirSync(dirname(target), { recursive: true })
        cpSync(source, file ? join(target, basename(word)) : target, { recursive: true, verbatimSymlinks: true })
      }
    },
    RUN: ({ root, workdir, env, args }, { text }) => {
      if (/(^|[\s=])\/\w/.test(text)) throw new Error(`RUN ${text}: an absolute path would leave the stage`)
      execFileSync('sh', ['-euc', text], {
        cwd: join(root, workdir),
        env: { ...ofMachine(), ...env, ...args },
        stdio: ['ignore', 'ignore', 'pipe'],
        maxBuffer: 64 * 1024 * 1024,
      })
    },
  }
  return build
}

// The Node of the base image is the one that runs this; how a registry is reached is this machine's own affair.
const ofMachine = () => ({
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => /^(HOME|npm_config_\w+|\w+_proxy|NODE_EXTRA_CA_CERTS)$/i.test(name)),
  ),
  PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
})
