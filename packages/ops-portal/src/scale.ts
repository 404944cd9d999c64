/**
 * The marks of an axis from 0 that reaches `most`: three to six, at round numbers of `unit`, whole ones where there are no
 * halves of what is counted.
 */
export const marks = (most: number, { unit = 1, whole = false }: { unit?: number; whole?: boolean } = {}): number[] => {
  const rough = most / unit / 4
  const ten = 10 ** Math.floor(Math.log10(rough))
  const round = [1, 2, 5, 10].map((n) => n * ten).find((n) => n >= rough * (1 - 1e-9))!
  const step = whole ? Math.max(1, round) : round
  // Not added up: thirds of a cent would grow.
  return Array.from({ length: Math.max(2, Math.ceil(most / unit / step - 1e-9)) + 1 }, (_, i) =>
    Number((i * step * unit).toPrecision(12)),
  )
}
