/** A name as two people would call it the same: whatever its case, and however its letters are composed. */
export const nameKey = (name: string) => name.normalize('NFKC').toLowerCase()

/** `plan.txt` and a number: `plan (2).txt`. Not longer than a name may be. */
export const numbered = (name: string, n: number) => {
  const dot = name.lastIndexOf('.')
  const [stem, ending] = dot > 0 && name.length - dot <= 20 ? [name.slice(0, dot), name.slice(dot)] : [name, '']
  const number = ` (${n})`
  const room = 255 - [...ending].length - number.length
  return [...stem].slice(0, room).join('') + number + ending
}
