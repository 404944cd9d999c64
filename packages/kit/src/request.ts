import { Problem } from '@wealist/contract/problem'
import type { RouteSpec } from '@wealist/contract/route'
import * as z from 'zod'
import { invalid, notFound } from './errors.ts'

const kilobyte = 1024
const none = z.strictObject({})
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })

/** The parts of a request, each parsed by the route's schema. Path first (404), then query and body (400 with both). */
export const parse = async (route: RouteSpec, params: Record<string, string>, request: Request) => {
  const path = route.params?.safeParse(params)
  if (path && !path.success) throw notFound()
  const issues: { path: string; message: string }[] = []
  const check = (schema: z.ZodType, value: unknown) => {
    const result = schema.safeParse(value)
    if (result.success) return result.data
    for (const issue of result.error.issues) issues.push(...detailsOf(issue))
    return undefined
  }
  const query = route.raw ? {} : check(route.query ?? none, queryOf(request.url, route.query?.shape ?? {}))
  const body = route.body ? check(route.body, await readJson(request, route.maxBody ?? 256 * kilobyte)) : undefined
  if (issues.length > 0) throw invalid(issues.slice(0, 50))
  return { params: path?.data ?? {}, query: query as Record<string, unknown>, body }
}

const detailsOf = (issue: z.core.$ZodIssue) =>
  issue.code === 'unrecognized_keys'
    ? issue.keys.map((key) => ({ path: [...issue.path, key].join('.'), message: 'is not a field of this request' }))
    : [{ path: issue.path.join('.'), message: issue.message }]

type Given = string | string[]

// A parameter given twice becomes a list, which the schema refuses unless it takes one. `field.a=1` is `{ field: { a: '1' } }`
// where the route has a parameter `field`.
const queryOf = (url: string, shape: Record<string, unknown>) => {
  const query = new Map<string, Given | Map<string, Given>>()
  const at = url.indexOf('?')
  for (const [name, value] of new URLSearchParams(at < 0 ? '' : url.slice(at))) {
    const dot = name.indexOf('.')
    const family = dot > 0 && Object.hasOwn(shape, name.slice(0, dot)) ? name.slice(0, dot) : undefined
    const inner = family === undefined ? undefined : (query.get(family) ?? new Map<string, Given>())
    if (family !== undefined && inner instanceof Map) {
      query.set(family, inner)
      add(inner, name.slice(dot + 1), value)
    } else add(query, name, value)
  }
  return Object.fromEntries([...query].map(([k, v]) => [k, v instanceof Map ? Object.fromEntries(v) : v]))
}

// What is no list yet becomes one; a family given bare as well stays no family, and is refused.
const add = (to: Map<string, unknown>, name: string, value: string) => {
  const before = to.get(name)
  if (Array.isArray(before)) before.push(value)
  else to.set(name, before === undefined ? value : [before, value])
}

/** The JSON body, or undefined where there is none. 415 for another type, 413 past `most` bytes, 400 for what is not UTF-8 JSON. */
const readJson = async (request: Request, most: number): Promise<unknown> => {
  const bytes = await readBytes(request, most)
  if (bytes.length === 0) return undefined
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/json\s*(;|$)/i.test(type))
    throw new Problem('UNSUPPORTED_MEDIA_TYPE', 'Send the body as application/json.')
  try {
    return JSON.parse(decoder.decode(bytes))
  } catch {
    throw invalid([{ path: '', message: 'the body is not JSON in UTF-8' }])
  }
}

// A body has ten seconds, and one more for each 64 KB that it may have: whoever is slower holds memory and a place.
const patienceFor = (most: number) => 10_000 + Math.ceil(most / (64 * kilobyte)) * 1000

/** The body's bytes; stops reading, with 413, as soon as there are more than `most`, and with 400 when they do not come. */
export const readBytes = async (request: Request, most: number): Promise<Uint8Array> => {
  const tooLarge = () => new Problem('PAYLOAD_TOO_LARGE', `The body may have ${most} bytes at most.`)
  const announced = request.headers.get('content-length')
  if (announced !== null && Number(announced) > most) throw tooLarge()
  const body = announced === null ? request.body : undefined
  if (body === null) return new Uint8Array()
  const { promise: late, reject } = Promise.withResolvers<never>()
  const patience = patienceFor(most)
  const timer = setTimeout(
    () => reject(invalid([{ path: '', message: `the body did not come within ${patience / 1000} s` }])),
    patience,
  )
  // Whoever goes away in the middle of it is no failure of ours.
  const read = (body ? readAtMost(body, most, tooLarge) : request.arrayBuffer()).catch((error: unknown) => {
    throw error instanceof Problem ? error : invalid([{ path: '', message: 'the body broke off' }])
  })
  try {
    return new Uint8Array(await Promise.race([read, late]))
  } finally {
    clearTimeout(timer)
    read.catch(() => undefined)
  }
}

const readAtMost = async (body: ReadableStream<Uint8Array>, most: number, tooLarge: () => Error) => {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > most) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
