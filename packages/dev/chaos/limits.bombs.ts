/** Bodies of at most 256 KB that cost more to read than to write. */
const most = 250_000
const filled = (piece: (i: number) => string) => {
  const parts: string[] = []
  for (let i = 0, size = 0; size < most; i++) size += (parts[i] = piece(i)).length + 1
  return parts
    .join(',')
    .slice(0, most)
    .replace(/,[^,]*$/, '')
}

export const json = [
  '['.repeat(most / 2) + ']'.repeat(most / 2),
  '{"a":'.repeat(40_000) + '1' + '}'.repeat(40_000),
  `{${filled((i) => `"${i.toString(36)}":1`)}}`,
  `{${filled(() => '"name":1')}}`,
  `{"name":[${filled(() => '1')}]}`,
  `{"name":${'9'.repeat(most)}}`,
  `{"name":1e${'9'.repeat(most)}}`,
  `{"name":"${'\\u0000'.repeat(40_000)}"}`,
  `{${filled((i) => `"__proto__${i}":{"a":[]}`)}}`,
]

export const patterns = [
  '(a+)+$',
  '^(([a-z])+.)+[A-Z]([a-z])+$',
  '%'.repeat(200),
  '%_'.repeat(100),
  '\\'.repeat(199),
  'a%'.repeat(100),
  'plan '.repeat(39).trim(),
  '_'.repeat(200),
  "'; select pg_sleep(10) --",
  'ㄱ'.repeat(200),
  'a'.repeat(5000),
]

const line = (i: number) => `x-${i}: ${'y'.repeat(4)}\r\n`
const many = (times: number, of: (i: number) => string) => Array.from({ length: times }, (_, i) => of(i)).join('')
export const headers = [
  many(5000, line),
  many(800, line),
  `x-large: ${'y'.repeat(100_000)}\r\n`,
  many(1000, () => 'cookie: a=b\r\n'),
  many(500, () => 'x-forwarded-for: 10.0.0.1, 10.0.0.2\r\n'),
]
export const queries = [
  many(2000, (i) => `&p${i}=1`),
  many(3000, () => '&q=a'),
  many(3000, () => '&field.a='),
  many(1500, () => '&labelId='),
]

/** So many masked frames of a client. */
export const frames = (opcode: number, text: string, times: number) => {
  const data = Buffer.from(text)
  const length =
    data.length < 126
      ? [data.length]
      : data.length < 65_536
        ? [126, data.length >> 8, data.length & 255]
        : [127, 0, 0, 0, 0, ...[24, 16, 8, 0].map((by) => (data.length >> by) & 255)]
  // A mask of zeros leaves the data as it is.
  const head = Buffer.from([0x80 | opcode, 0x80 | length[0]!, ...length.slice(1), 0, 0, 0, 0])
  return Buffer.concat(Array.from({ length: times }, () => [head, data]).flat())
}
