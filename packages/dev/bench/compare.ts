/** What a round measured, by the name of the figure. */
export type Figures = Record<string, number>

export interface Contestant {
  name: string
  kind: 'ours' | 'peer' | 'limit'
  round(): Promise<Figures>
}

/** A ratio that is to be reached: of the medians of a figure, ours over another's. */
export interface Goal {
  figure: string
  of: string
  over: string
  least?: number
  most?: number
}

export interface Spread {
  median: number
  least: number
  most: number
}

export interface Compared {
  title: string
  /** The figure that is drawn, with its unit. */
  figures: Record<string, string>
  rounds: number
  contestants: { name: string; kind: Contestant['kind']; figures: Record<string, Spread> }[]
  goals: (Goal & { ratio: number; met: boolean })[]
  notes: string[]
}

export interface Comparison {
  title: string
  /** What is measured and in what unit, the one that is drawn first. */
  figures: Record<string, string>
  contestants: Contestant[]
  goals?: Goal[]
  notes?: string[]
  rounds?: number
  /** Rounds before them, which are forgotten: one, unless told. */
  warmUps?: number
}

/** Runs the contestants in turn, a round each, in another order each time. */
export const compare = async (
  { title, figures, contestants, goals = [], notes = [], rounds = 5, warmUps = 1 }: Comparison,
  say: (line: string) => void,
): Promise<Compared> => {
  const all = new Map<string, Figures[]>(contestants.map((c) => [c.name, []]))
  for (let round = 1 - warmUps; round <= rounds; round++) {
    const order = contestants.map((_, i) => contestants[(i + round + warmUps) % contestants.length]!)
    for (const { name, round: run } of order) {
      const found = await run()
      if (round > 0) all.get(name)!.push(found)
      say(`${title}: ${round < 1 ? 'warm-up' : `round ${round}`}: ${name}: ${shown(found)}`)
    }
  }
  const told = contestants.map(({ name, kind }) => {
    const measured = Object.keys(figures).filter((figure) => all.get(name)!.some((f) => figure in f))
    return {
      name,
      kind,
      figures: Object.fromEntries(measured.map((figure) => [figure, spread(all.get(name)!.map((f) => f[figure]!))])),
    }
  })
  return { title, figures, rounds, contestants: told, goals: judged(told, goals), notes }
}

const judged = (told: Compared['contestants'], goals: readonly Goal[]) =>
  goals.flatMap((goal) => {
    const median = (name: string) => told.find((c) => c.name === name)?.figures[goal.figure]?.median
    const [ours, theirs] = [median(goal.of), median(goal.over)]
    if (ours === undefined || theirs === undefined) return []
    const ratio = ours / theirs
    return [{ ...goal, ratio, met: ratio >= (goal.least ?? -Infinity) && ratio <= (goal.most ?? Infinity) }]
  })

export const spread = (values: readonly number[]): Spread => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
  return { median, least: sorted[0]!, most: sorted.at(-1)! }
}

/** A number with three digits that say something. */
export const digits = (n: number) =>
  Math.abs(n) >= 100 ? Math.round(n).toLocaleString('en') : Number(n.toPrecision(3)).toString()

const shown = (figures: Figures) =>
  Object.entries(figures)
    .map(([name, value]) => `${name} ${digits(value)}`)
    .join(', ')
