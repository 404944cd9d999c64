import type { Key, Translate } from './i18n.ts'

// What ops says of a probe, `; ` between the reasons, each with what stands in it.
const known: readonly (readonly [RegExp, Key])[] = [
  [/^no answer within (?<seconds>[\d.]+) s$/, 'reason.late'],
  [/^nobody listens there \(ECONNREFUSED\)$/, 'reason.refused'],
  [/^its name does not resolve \((?<code>\w+)\)$/, 'reason.unresolved'],
  [/^its answer is not what was expected$/, 'reason.strange'],
  [/^it is stopping$/, 'reason.stopping'],
  [/^it cannot reach (?<what>[\w.-]+)$/, 'reason.unreached'],
]

/** Why something is not up, in the reader's language; what is not known here stays as it was said. */
export const reasonIn = (t: Translate, said: string | null): string =>
  (said ?? '')
    .split('; ')
    .map((one) => {
      const found = known.map(([form, key]) => [form.exec(one), key] as const).find(([match]) => match)
      return found ? t(found[1], { ...found[0]!.groups }) : one
    })
    .join(' · ')
