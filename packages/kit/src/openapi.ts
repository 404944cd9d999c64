import { isDeepStrictEqual } from 'node:util'
import { ErrorBody } from '@wealist/contract/problem'
import { type Contract, type NamedRoute, type RouteSpec, routesOf } from '@wealist/contract/route'
import type { ServiceName } from '@wealist/contract/topology'
import * as z from 'zod'
import { takesIfMatch } from './answer.ts'
import { manners } from './manners.ts'

type Json = Record<string, unknown>
type SchemaOf = (type: z.ZodType, io: 'input' | 'output') => Json

/** Schemas of a document: what has a name stands once, in its components, and elsewhere by reference. */
const openSchemas = () => {
  const named = new Map<string, Json>()
  const pointed = (value: unknown) =>
    JSON.parse(JSON.stringify(value).replaceAll('"#/$defs/', '"#/components/schemas/')) as Json
  const schema: SchemaOf = (type, io) => {
    const { $schema: _, $defs = {}, ...rest } = z.toJSONSchema(type, { io, unrepresentable: 'any', reused: 'inline' })
    for (const [name, definition] of Object.entries($defs)) {
      const [before, now] = [named.get(name), pointed(definition)]
      if (before && !isDeepStrictEqual(before, now)) throw new Error(`two schemas are called ${name}`)
      named.set(name, now)
    }
    return pointed(rest)
  }
  return { schema, all: () => Object.fromEntries([...named].toSorted(([a], [b]) => (a < b ? -1 : 1))) }
}

/** The fixture names of examples (`$task`) become an id, so that an example reads like a request. */
const shown = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value ?? null).replace(/"\$\w+"/g, '"0192f0c1-7a5e-7c3b-9d2e-3f4a5b6c7d8e"'))

const parameters = (schema: SchemaOf, route: RouteSpec) =>
  (['params', 'query'] as const).flatMap((part) =>
    Object.entries(route[part]?.shape ?? {}).map(([name, type]) => {
      const values = recordOf(type as z.ZodType)
      return {
        // OpenAPI has no style for `field.<key>=value`: the name shows it.
        name: values ? `${name}.<key>` : name,
        in: part === 'params' ? 'path' : 'query',
        required: part === 'params' || !(type as z.ZodType).safeParse(undefined).success,
        schema: schema(values ?? (type as z.ZodType), 'input'),
      }
    }),
  )

const recordOf = (type: z.ZodType): z.ZodType | undefined => {
  if (type instanceof z.ZodOptional) return recordOf(type.unwrap() as z.ZodType)
  return type instanceof z.ZodRecord ? (type.valueType as z.ZodType) : undefined
}

const contentOf = (schema: SchemaOf, { body, raw, example }: RouteSpec): Json | undefined => {
  if (body) return { 'application/json': { schema: schema(body, 'input'), example: shown(example.body) } }
  return typeof raw === 'object' ? { [raw.media]: { schema: schema(raw.schema, 'input') } } : undefined
}

const operation = (schema: SchemaOf, { name, route }: NamedRoute) => {
  const status = String(route.status ?? 200)
  const changes = route.method !== 'GET'
  const errors = [
    ...['400', '401', '403', '404', '429', '500', '503'],
    ...(changes ? ['409'] : []),
    ...(takesIfMatch(route) ? ['412'] : []),
    ...(route.body || route.raw ? ['413', '415'] : []),
    ...(route.idempotent ? ['422'] : []),
  ]
  const content = contentOf(schema, route)
  const media = route.media ?? 'application/json'
  return {
    operationId: name,
    summary: route.summary,
    tags: [name.split('.')[0]],
    security: route.access === 'public' ? [] : [{ [route.access === 'internal' ? 'internal' : 'bearer']: [] }],
    parameters: [
      ...parameters(schema, route),
      ...(route.idempotent
        ? [{ name: 'Idempotency-Key', in: 'header', required: false, schema: { type: 'string', maxLength: 255 } }]
        : []),
      ...(route.stream ? [{ name: 'Last-Event-ID', in: 'header', required: false, schema: { type: 'string' } }] : []),
      ...(takesIfMatch(route) ? [{ name: 'If-Match', in: 'header', required: false, schema: { type: 'string' } }] : []),
    ],
    ...(content && { requestBody: { required: true, content } }),
    responses: {
      [status]: route.response
        ? { description: route.summary, content: { [media]: { schema: schema(route.response, 'output') } } }
        : { description: route.summary },
      ...Object.fromEntries(errors.map((code) => [code, { $ref: '#/components/responses/Error' }])),
    },
  }
}

/** The OpenAPI 3.1 document of a service: its public routes, from the contract alone. */
export const openApi = (service: ServiceName, contract: Contract, version: string) => {
  const { schema, all } = openSchemas()
  const error = schema(ErrorBody, 'output')
  const paths: Record<string, Json> = {}
  for (const named of routesOf(service, contract))
    if (named.route.access !== 'internal')
      (paths[named.route.path] ??= {})[named.route.method.toLowerCase()] = operation(schema, named)
  return {
    openapi: '3.1.0',
    info: {
      title: `weAlist ${service}`,
      version,
      description: manners(service)
        .map((line) => `* ${line}`)
        .join('\n'),
    },
    servers: [{ url: `/api/svc/${service}` }],
    paths,
    components: {
      schemas: all(),
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      responses: {
        Error: {
          description: 'An error of the contract',
          content: { 'application/json': { schema: error } },
        },
      },
    },
  }
}
