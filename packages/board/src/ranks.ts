import { generateNKeysBetween } from 'fractional-indexing'

/** `n` ranks in order between two neighbours; null is an end. Compared as bytes. */
export const ranksBetween = (before: string | null, after: string | null, n: number): string[] =>
  generateNKeysBetween(before, after, n)

export const rankBetween = (before: string | null, after: string | null): string => ranksBetween(before, after, 1)[0]!

/** Ranks grow where people keep dropping into the same gap; past this they are evened out by a job. */
export const longRank = 64

/** The rank at an index among others that are in order; past the end is the end. */
export const rankAt = (others: readonly { rank: string }[], position = others.length) => {
  const at = Math.min(position, others.length)
  return rankBetween(others[at - 1]?.rank ?? null, others[at]?.rank ?? null)
}
