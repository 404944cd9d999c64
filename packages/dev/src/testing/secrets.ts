// What has the form of a secret, whoever made it.
const forms: readonly (readonly [what: string, form: RegExp])[] = [
  ['a token', /eyJ[\w-]{10,}\.eyJ[\w-]{10,}\./],
  ['a signed address', /X-Amz-Signature=[\da-f]{20,}/],
  ['a password in an address', /\b(?:postgres|redis|https?):\/\/[^\s:/"]+:[^\s@/"]+@/],
  ['a password’s hash', /\$argon2id\$v=/],
  ['a ticket', /[?&]ticket=[\w-]{10,}/],
]

/** Anything shorter would be found in words. */
const shortest = 8

type Known = [secret: string, what: string]

// Once over the line, whatever is known: a storm of ten minutes logs a hundred thousand lines and has as many tokens.
const heldIn = (line: string, byStart: ReadonlyMap<string, readonly Known[]>): Known[] => {
  const held = new Set<Known>()
  for (let i = 0; i + shortest <= line.length; i++)
    for (const one of byStart.get(line.slice(i, i + shortest)) ?? []) if (line.startsWith(one[0], i)) held.add(one)
  return [...held]
}

/** Hears what is logged, and knows what must not be in it. */
export const openSecrets = () => {
  const lines: string[] = []
  const known = new Map<string, string>()
  const note = (what: string, secret: string) => {
    if (secret.length >= shortest && !known.has(secret)) known.set(secret, what)
  }
  return {
    hear: (line: string) => void lines.push(line),
    note,
    /** The secrets with which a service is started. */
    noteEnvironment: (env: Readonly<Record<string, string | undefined>>) => {
      for (const [name, value = ''] of Object.entries(env))
        if (/_(KEYS?|SECRET|PASSWORD|TOKEN)$/.test(name)) for (const one of value.split(',')) note(name, one.trim())
    },
    /** What was logged and should not have been, with the secret taken out. */
    leaks: () => {
      const byStart = Map.groupBy(known, ([secret]) => secret.slice(0, shortest))
      return lines.flatMap((line) => {
        const here = heldIn(line, byStart)
        const alike = forms.filter(([, form]) => form.test(line))
        const hidden = here.reduce((text, [secret, what]) => text.replaceAll(secret, `<${what}>`), line)
        const shown = alike.reduce((text, [name, form]) => text.replace(form, `<${name}>`), hidden)
        return [...here.map(([, what]) => what), ...alike.map(([what]) => what)].map(
          (what) => `${what} is in the log: ${shown}`,
        )
      })
    },
    get lines() {
      return lines.length
    },
    get known() {
      return known.size
    },
  }
}

/** Those of this test file: `secrets.setup.ts` fills and searches them, for every file. */
export const secrets = openSecrets()
