// PostgreSQL stores neither U+0000 nor half of a surrogate pair.
const mended = (s: string) => s.toWellFormed().replaceAll('\u0000', '\ufffd')

/** The same text wherever it stands in an export, with what cannot be stored replaced. Nothing else is touched. */
export const mend = <T>(value: T): { value: T; replaced: number } => {
  let replaced = 0
  // As JSON both are written as escapes, which hardly any export has.
  if (!/\\u(0000|d[89a-f])/.test(JSON.stringify(value))) return { value, replaced }
  const walk = (v: unknown): unknown => {
    if (typeof v === 'string') {
      const whole = mended(v)
      if (whole !== v) replaced++
      return whole
    }
    if (Array.isArray(v)) return v.map(walk)
    if (typeof v !== 'object' || v === null) return v
    return Object.fromEntries(Object.entries(v).map(([key, inner]) => [key, walk(inner)]))
  }
  return { value: walk(value) as T, replaced }
}

/** At most `max` UTF-16 units, never half a character. */
export const cut = (s: string, max: number) => {
  if (s.length <= max) return s
  const head = s.slice(0, max - 1)
  return `${head.isWellFormed() ? head : head.slice(0, -1)}…`
}

/** A name of one line as the contract has it; `whole` is what it was where that says more. */
export const nameOf = (given: string, { max, otherwise }: { max: number; otherwise: string }) => {
  const flat = given.replace(/[\u0001-\u001f\u007f]+/g, ' ').trim()
  const name = cut(flat, max).trim() || otherwise
  return { name, whole: name === flat || flat === '' ? undefined : given.trim() }
}

/** Pieces of at most `max` UTF-16 units that together are the text. */
export const pieces = (s: string, max: number): string[] => {
  const parts: string[] = []
  for (let at = 0; at < s.length;) {
    let end = Math.min(at + max, s.length)
    if (end < s.length && !s.slice(at, end).isWellFormed()) end--
    parts.push(s.slice(at, end))
    at = end
  }
  return parts
}

// Two names that any collation of PostgreSQL lowers to the same come out the same here; some others do too.
export const folded = (s: string) =>
  s.toLowerCase().toUpperCase().toLowerCase().normalize('NFKD').replace(/\p{M}/gu, '').replaceAll('ς', 'σ')

/** The name, with a number behind it where one like it is taken already. */
export const unique = (name: string, taken: Set<string>, max: number) => {
  let free = name
  for (let n = 2; taken.has(folded(free)); n++) free = `${cut(name, max - 7)} (${n})`
  taken.add(folded(free))
  return free
}

/** A link as Markdown; undefined where it leads to anything but the web. */
export const linkOf = (name: string, url: string) => {
  const to = URL.parse(url.trim())
  if (!to || !/^https?:$/.test(to.protocol)) return undefined
  const href = to.href.replace(/[()<>\\]/g, (c) => `%${c.charCodeAt(0).toString(16)}`)
  const called = nameOf(name, { max: 200, otherwise: cut(href, 200) }).name.replace(/[\\[\]`<>]/g, '\\$&')
  return `[${called}](${href})`
}
