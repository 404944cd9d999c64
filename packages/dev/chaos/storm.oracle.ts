/** Something of a log: where it stands, and what it says to whoever wrote it. */
export interface Entry {
  seq: number
  type: string
  key: string
}
/** What a live client was told: enough to find its place in the log. */
export type Heard = Pick<Entry, 'seq' | 'type'>

/** What was seen of a storm, gathered when it is over. */
export interface Evidence {
  /** What a writer was told is done, in the order in which they did it: one thing after the other. */
  acknowledged: readonly { writer: string; topic: string; keys: readonly string[] }[]
  /** What each topic's log holds, in the order of its table. */
  logs: ReadonlyMap<string, readonly Entry[]>
  /** What each live client applied, from the first event on, and how often it had to begin anew. */
  heard: readonly { client: string; topic: string; entries: readonly Heard[]; resets: number }[]
  /** Two lists that must hold the same, each thing as often: rows and what the log says of them, notifications … */
  equal: readonly { what: string; expected: readonly string[]; found: readonly string[] }[]
  /** What a process had before and has after, and the most that is no leak. */
  back: readonly { what: string; before: number; after: number; most: number }[]
}

/** Everything that is wrong; nothing where the storm did no harm. */
export const judge = (evidence: Evidence): string[] => [
  ...[...evidence.logs].flatMap(([topic, log]) => gaps(topic, log)),
  ...evidence.acknowledged.flatMap((one) => lost(one, evidence.logs.get(one.topic) ?? [])),
  ...evidence.heard.flatMap((one) => unheard(one, evidence.logs.get(one.topic) ?? [])),
  ...evidence.equal.flatMap(differences),
  ...evidence.back
    .filter(({ after, most }) => after > most)
    .map(({ what, before, after }) => `${what} was ${before} and is ${after}`),
]

const gaps = (topic: string, log: readonly Entry[]) =>
  log.flatMap(({ seq }, i) => (seq === i + 1 ? [] : [`${topic} has ${seq} where ${i + 1} belongs`])).slice(0, 1)

const lost = ({ writer, topic, keys }: Evidence['acknowledged'][number], log: readonly Entry[]) => {
  const at = new Map<string, number[]>()
  for (const { seq, key } of log) at.set(key, [...(at.get(key) ?? []), seq])
  const wrong: string[] = []
  let last = 0
  for (const key of keys) {
    const seqs = at.get(key) ?? []
    if (seqs.length !== 1) wrong.push(`${topic} has ${key} ${seqs.length} times, which ${writer} was told is done`)
    const seq = seqs[0] ?? last
    if (seq < last) wrong.push(`${topic} has ${key} before what ${writer} did before it`)
    last = seq
  }
  return wrong
}

const unheard = ({ client, topic, entries, resets }: Evidence['heard'][number], log: readonly Entry[]) => {
  const wrong = resets > 0 ? [`${client} had to begin ${topic} anew, ${resets} times`] : []
  const place = log.findIndex(({ seq, type }, i) => entries[i]?.seq !== seq || entries[i].type !== type)
  if (place >= 0)
    wrong.push(
      `${client} has ${JSON.stringify(entries[place])} of ${topic} where ${JSON.stringify(log[place])} belongs`,
    )
  else if (entries.length > log.length) wrong.push(`${client} was told more of ${topic} than there is`)
  return wrong
}

const differences = ({ what, expected, found }: Evidence['equal'][number]) => {
  const count = new Map<string, number>()
  for (const one of found) count.set(one, (count.get(one) ?? 0) + 1)
  for (const one of expected) count.set(one, (count.get(one) ?? 0) - 1)
  return [...count].flatMap(([one, n]) =>
    n === 0 ? [] : [`${what}: ${one} ${n < 0 ? `is missing` : `is there, ${n} too many`}`],
  )
}
