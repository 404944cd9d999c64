import type { Compared, Comparison } from './compare.ts'

/** How long a run is. */
export interface Effort {
  rounds: number
  /** Of a round. */
  seconds: number
}

export interface Bench {
  name: string
  /** What it measures, in a line. */
  title: string
  run(measure: (comparison: Comparison) => Promise<Compared>, effort: Effort): Promise<unknown>
}

export const bench = (made: Bench) => made
