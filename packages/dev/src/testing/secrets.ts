// What has the form of a secret, whoever made it.
const forms: readonly (readonly [what: string, form: RegExp])[] = [
  ['a token', /eyJ[\w-]{10,}\.eyJ[\w-]{10,}\./],
  ['a signed address', /X-Amz-Signature=[\da-f]{20,}/],
  ['a password in an address', /\b(?:postgres|redis|https?):\/\/[^\s:/"]+:[^\s@/"]+@/],
  ['a password’s hash', /\$argon2id\$v=/],
  ['a ticket', /[?&]ticket=[\w-]{10,}/],
]

/** Listens to all that a fleet writes to its logs, and knows what must not be in them. */
export const openSecrets = () => {
  const lines: string[] = []
  const known = new Map<string, string>()
  return {
    logTo: { write: (line: string) => void lines.push(line) },
    /** Nothing short: it would be found in words. */
    note: (what: string, secret: string) => void (secret.length >= 8 && known.set(secret, what)),
    /** What was logged and should not have been, with the secret taken out. */
    leaks: () =>
      lines.flatMap((line) => {
        const told = [...known].filter(([secret]) => line.includes(secret))
        const formed = forms.filter(([, form]) => form.test(line))
        const hidden = told.reduce((text, [secret, what]) => text.replaceAll(secret, `<${what}>`), line)
        return [...told.map(([, what]) => what), ...formed.map(([what]) => what)].map(
          (what) =>
            `${what} is in the log: ${formed.reduce((text, [name, form]) => text.replace(form, `<${name}>`), hidden)}`,
        )
      }),
    get lines() {
      return lines.length
    },
  }
}
