import { generateNKeysBetween } from 'fractional-indexing'

/** `n` ranks in order between two neighbours; null is an end. Compared as bytes. */
export const ranksBetween = (before: string | null, after: string | null, n: number): string[] =>
  generateNKeysBetween(before, after, n)

export const rankBetween = (before: string | null, after: string | null): string => ranksBetween(before, after, 1)[0]!

/** Ranks grow where people keep dropping into the same gap; past this they are evened out by a job. */
export const longRank = 64
