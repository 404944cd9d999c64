import fc from 'fast-check'

/** As far as JSON Schema is used in the documents. */
export interface Schema {
  type?: string | string[]
  format?: string
  enum?: unknown[]
  const?: unknown
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
  items?: Schema
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: Schema | boolean
  minLength?: number
  maxLength?: number
  minimum?: number
  maximum?: number
  minItems?: number
  maxItems?: number
}
interface Parameter {
  name: string
  in: 'path' | 'query' | 'header'
  required: boolean
  schema: Schema
}
export interface Operation {
  operationId: string
  parameters: Parameter[]
  requestBody?: { content: Record<string, { schema: Schema }> }
  responses: Record<string, unknown>
}

/** What nobody should send, and somebody will. */
const hostile = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    -1,
    0,
    1e308,
    2 ** 53,
    -(2 ** 31) - 1,
    0.1,
    '',
    ' ',
    '\u0000',
    'a\u0000b',
    '\ud800',
    '\u202e\u0301'.repeat(40),
    'x'.repeat(20_000),
    '🙂'.repeat(300),
    "' or 1=1; --",
    '%',
    '%_\\'.repeat(200),
    '(a+)+$'.repeat(50),
    '../../etc/passwd',
    '..%2f..%2f',
    '${7*7}{{7*7}}',
    '<script>alert(1)</script>',
    '__proto__',
    '0192f0c1-7a5e-7c3b-9d2e-3f4a5b6c7d8e',
    '1970-01-01T00:00:00Z',
    '275760-09-13T00:00:00.000Z',
    '99999-99-99',
    [],
    {},
    { constructor: { prototype: { admin: true } } },
    Array.from({ length: 200 }, () => 'x'),
    JSON.parse('{"a":'.repeat(60) + '1' + '}'.repeat(60)),
  ),
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.jsonValue({ maxDepth: 3 }),
)

/** Ids that are there: one's own, and others', which never become text that one reads again. */
export interface Known {
  own: readonly string[]
  foreign: readonly string[]
}

/** Values of a schema: those that fit, at their bounds often, with real ids in the place of ids. */
export const valuesOf = (schema: Schema, ids: Known): fc.Arbitrary<unknown> => {
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum) return fc.constantFrom(...schema.enum)
  const some = schema.anyOf ?? schema.oneOf ?? schema.allOf
  if (some) return fc.oneof(...some.map((one) => valuesOf(one, ids)))
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type
  if (type === 'object' || schema.properties) return objectOf(schema, ids)
  if (type === 'array')
    return fc.array(valuesOf(schema.items ?? {}, ids), {
      minLength: schema.minItems ?? 0,
      maxLength: Math.min(schema.maxItems ?? 3, 3),
    })
  if (type === 'integer' || type === 'number') {
    const [least, most] = [schema.minimum ?? 0, Math.min(schema.maximum ?? 1000, 2 ** 31)]
    return fc.oneof(fc.constantFrom(least, most), fc.integer({ min: Math.ceil(least), max: Math.floor(most) }))
  }
  if (type === 'boolean') return fc.boolean()
  if (type === 'null') return fc.constant(null)
  if (type === 'string') return textOf(schema, ids)
  return fc.jsonValue({ maxDepth: 2 })
}

const textOf = ({ format, minLength = 0, maxLength = 100 }: Schema, ids: Known): fc.Arbitrary<string> => {
  if (format === 'uuid')
    return fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom(...ids.own, ...ids.foreign) },
      { weight: 1, arbitrary: fc.uuid() },
    )
  if (format === 'email') return fc.emailAddress()
  if (format === 'date-time')
    return fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }).map((d) => d.toISOString())
  if (format === 'date')
    return fc
      .date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) })
      .map((d) => d.toISOString().slice(0, 10))
  const most = Math.max(minLength, Math.min(maxLength, 200))
  return fc.oneof(
    fc.string({ unit: 'grapheme', minLength, maxLength: most }),
    fc.string({ minLength: most, maxLength: most }),
    fc.constantFrom(...ids.own),
  )
}

const objectOf = ({ properties = {}, required = [], additionalProperties }: Schema, ids: Known) => {
  const known = Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, valuesOf(one, ids)]))
  const record = fc.record(known, { requiredKeys: required.filter((name) => name in known) })
  if (typeof additionalProperties !== 'object') return record
  const more = fc.dictionary(fc.constantFrom(...ids.own), valuesOf(additionalProperties, ids), { maxKeys: 2 })
  return fc.tuple(record, more).map(([a, b]) => ({ ...a, ...b }))
}

/** Now and then something else in the place of a part of it. */
const spoiled = (value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 6, arbitrary: value },
    { weight: 1, arbitrary: hostile },
    {
      weight: 3,
      arbitrary: fc.tuple(value, hostile, fc.nat()).map(([whole, bad, at]) => {
        if (typeof whole !== 'object' || whole === null || Array.isArray(whole)) return bad
        const keys = [...Object.keys(whole), 'unknown']
        return { ...whole, [keys[at % keys.length]!]: bad }
      }),
    },
  )

export interface Asked {
  params: Record<string, string>
  query: [string, string][]
  headers: Record<string, string>
  body: string | undefined
}

const asText = (value: unknown) => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))
const headerValues = fc.oneof(
  fc.constantFrom(
    '"1"',
    'W/"1"',
    '*',
    '""',
    '"999999999999"',
    'a',
    'ko-KR,ko;q=0.9',
    '0',
    '-1',
    '1e9',
    '{}',
    'x'.repeat(300),
  ),
  fc.string({ maxLength: 40 }).map((text) => text.replace(/[^\t\x20-\x7e]/g, '').trim()),
)

/** An input that works, as the contract gives it, with real ids. */
export interface Example {
  params?: Record<string, string>
  query?: Record<string, string>
  body?: unknown
}

/** Mostly what works, then what fits, and now and then what is hostile. */
const mixed = (example: unknown, fitting: fc.Arbitrary<unknown>) =>
  fc.oneof(
    { weight: example === undefined ? 0 : 12, arbitrary: fc.constant(example) },
    { weight: 6, arbitrary: fitting },
    { weight: 2, arbitrary: hostile },
  )

/** Requests of an operation: parameters, queries, headers and bodies, valid, at their bounds, and hostile. */
export const requestsOf = (
  { parameters, requestBody }: Operation,
  { ids, example }: { ids: Known; example: Example },
): fc.Arbitrary<Asked> => {
  const among = (where: Parameter['in']) => parameters.filter((p) => p.in === where)
  const params = fc.record(
    Object.fromEntries(
      among('path').map(({ name, schema }) => [name, mixed(example.params?.[name], valuesOf(schema, ids)).map(asText)]),
    ),
  )
  const query = fc
    .tuple(
      ...among('query').map(({ name, schema, required }) =>
        fc.option(
          mixed(example.query?.[name], valuesOf(schema, ids)).map((value): [string, string] => [
            name.replace('<key>', ids.own[0]!),
            asText(value),
          ]),
          { freq: required ? 20 : 1 },
        ),
      ),
    )
    .chain((all) => {
      const given = all.filter((one) => one !== null)
      const more: [string, string][][] = [[], [], [], [], [], [], given.slice(0, 1), [['unknown', '1']]]
      return fc.constantFrom(...more).map((again) => [...given, ...again])
    })
  const names = [...among('header').map((p) => p.name), 'Accept-Language', 'X-Request-Id', 'Traceparent', 'Range']
  const headers = fc.oneof(
    { weight: 3, arbitrary: fc.constant<Record<string, string>>({}) },
    { weight: 1, arbitrary: fc.dictionary(fc.constantFrom(...names), headerValues, { maxKeys: 3 }) },
  )
  const schema = requestBody?.content['application/json']?.schema
  const fitting = schema && valuesOf(schema, ids)
  const body = fitting
    ? fc.oneof(
        {
          weight: 20,
          arbitrary: spoiled(
            fc.oneof(
              fc.constant(example.body),
              fitting,
              fitting.map((value) => ({ ...(example.body as object), ...(value as object) })),
            ),
          ).map((value) => JSON.stringify(value) ?? ''),
        },
        { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 80 }) },
      )
    : fc.constant(undefined)
  return fc.record({ params, query, headers, body })
}
