/** An instruction of a Dockerfile: its words, and what stands before them as `--name=value`. */
export interface Instruction {
  name: string
  flags: Record<string, string>
  text: string
  line: number
}

/** A stage: what it stands on (another stage, or an image of a registry), and what is done to it. */
export interface Stage {
  name: string
  from: string
  steps: Instruction[]
}

// What each instruction may be told. Anything else is refused: a step that is not understood proves nothing.
const known: Record<string, RegExp> = {
  FROM: /^$/,
  ARG: /^$/,
  ENV: /^$/,
  WORKDIR: /^$/,
  USER: /^$/,
  CMD: /^$/,
  COPY: /^from=[\w-]+$/,
  RUN: /^mount=type=cache,target=\/[\w./-]+$/,
}

const instructionsOf = (text: string): Instruction[] =>
  text
    .replaceAll(/\\\n/g, '')
    .split('\n')
    .flatMap((line, index) => {
      if (/^\s*(#|$)/.test(line)) return []
      const [, name = '', rest = ''] = /^\s*(\w+)\s+(.*?)\s*$/.exec(line) ?? []
      const flags: Record<string, string> = {}
      const words = rest.replaceAll(/^(?:--(\S+)\s+)+/g, (all) => {
        for (const [, flag = ''] of all.matchAll(/--(\S+)\s+/g)) {
          if (!known[name]?.test(flag)) throw new Error(`line ${index + 1}: ${name} --${flag} is not understood`)
          const at = flag.indexOf('=')
          flags[flag.slice(0, at)] = flag.slice(at + 1)
        }
        return ''
      })
      if (!known[name]) throw new Error(`line ${index + 1}: ${name || line} is not understood`)
      return [{ name, flags, text: words, line: index + 1 }]
    })

/** The stages of a Dockerfile, in order. */
export const stagesOf = (text: string): Stage[] => {
  const stages: Stage[] = []
  for (const step of instructionsOf(text)) {
    if (step.name === 'FROM') {
      const [, from, name] = /^(\S+) AS ([\w-]+)$/.exec(step.text) ?? []
      if (!from || !name) throw new Error(`line ${step.line}: a stage says FROM image AS name`)
      stages.push({ name, from, steps: [] })
    } else {
      const stage = stages.at(-1)
      if (!stage) throw new Error(`line ${step.line}: ${step.name} before the first stage`)
      stage.steps.push(step)
    }
  }
  return stages
}
