import type * as z from 'zod'
import type { ServiceName } from './topology.ts'

/**
 * Who may ask. `public`: anybody. `self`: any signed-in person, about themselves. `scoped`: a signed-in person with a
 * right on the thing in the path, query or body. `role`: a person with that platform role. `internal`: another service.
 */
export type Access = 'public' | 'self' | 'scoped' | 'role' | 'internal'
export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** An endpoint as a value: the server mounts it, the client calls it, the documents and the authorisation tests read it. */
export interface RouteSpec {
  method: Method
  /** As the service sees it, parameters in braces: `/api/tasks/{id}`. */
  path: string
  summary: string
  access: Access
  /** With `access: 'role'`: the least platform role that may ask. */
  role?: 'viewer' | 'operator' | 'admin'
  /**
   * Strict objects of strings; kit answers 404 where a path parameter does not fit and 400 where the query does not. A
   * query's record `field` is written `field.<key>=value`.
   */
  params?: z.ZodObject
  query?: z.ZodObject
  body?: z.ZodType
  /** Largest body in bytes; 256 KB unless told. */
  maxBody?: number
  /**
   * The body is not JSON: the handler reads the request itself (uploads, signed webhooks). What it takes is told for the
   * documents, and the handler holds it against that.
   */
  raw?: true | { media: 'multipart/form-data' | 'application/webhook+json'; schema: z.ZodObject }
  /**
   * The answer is a stream of server-sent events that stays open. An EventSource, which sends no headers, shows who it is
   * by `ticket` in the query.
   */
  stream?: boolean
  status?: 200 | 201 | 204 | 302
  /** What a 200 or 201 answers; none for 204 and 302. */
  response?: z.ZodType
  /** The answer's media type where it is not JSON, as OpenAPI names it. */
  media?: string
  /** Takes `Idempotency-Key`. Creating POSTs do, unless they hold or answer a secret, or what they create is the same again. */
  idempotent?: boolean
  /** The resource has a `version`: answers carry it as `ETag`, and a stale `If-Match` is refused with 412. */
  versioned?: boolean
  /** The stricter limit that applies to it, instead of the default. */
  limit?: 'sign-in' | 'none'
  /**
   * An input that works, for the documents and the generated tests. A string `$task` stands for the id of the fixture
   * of that name, here a task of a project that the caller may see.
   */
  example: { params?: Record<string, string>; query?: Record<string, string>; body?: unknown }
}

/** Keeps the literal types of a route. */
export const route = <const R extends RouteSpec>(spec: R): R => spec

/** A socket as a value. Client frames are at most `maxFrame` bytes (32 KB: API Gateway's limit) on every transport. */
export interface SocketSpec {
  path: string
  summary: string
  params: z.ZodObject
  query?: z.ZodObject
  /** What a client may send after `resume`, by `type`; kit answers `resume`, `renew` and `ping` itself. */
  incoming?: z.ZodType
  /** What the server sends, for the documents. */
  outgoing: z.ZodType
  example: { params: Record<string, string> }
}
export const socketRoute = <const S extends SocketSpec>(spec: S): S => spec

/** The contract of one service: features by name, each with its routes by verb. */
export type Contract = Record<string, Record<string, unknown>>

export const isRoute = (v: unknown): v is RouteSpec =>
  typeof v === 'object' && v !== null && 'method' in v && 'path' in v && 'access' in v

export const isSocket = (v: unknown): v is SocketSpec =>
  typeof v === 'object' && v !== null && 'outgoing' in v && 'path' in v

/** A route with the name its place gives it: `projects.create` of board. */
export interface NamedRoute {
  service: ServiceName
  name: string
  route: RouteSpec
}

/** Every route of a service's contract, in the order written. */
export const routesOf = (service: ServiceName, contract: Contract): NamedRoute[] =>
  Object.entries(contract).flatMap(([feature, values]) =>
    Object.entries(values)
      .filter((entry): entry is [string, RouteSpec] => isRoute(entry[1]))
      .map(([verb, route]) => ({ service, name: `${feature}.${verb}`, route })),
  )

type Parsed<S, Absent> = S extends z.ZodType ? z.output<S> : Absent
type Given<S> = S extends z.ZodType ? z.input<S> : undefined

/** What a handler of the route is given: everything parsed. */
export interface Input<R extends RouteSpec> {
  params: Parsed<R['params'], Record<never, never>>
  query: Parsed<R['query'], Record<never, never>>
  body: Parsed<R['body'], undefined>
}
/** What a client hands over: the parts that the route has. */
export type CallInput<R extends RouteSpec> = (R['params'] extends z.ZodType
  ? { params: Given<R['params']> }
  : unknown) &
  (R['query'] extends z.ZodType
    ? Record<never, never> extends Given<R['query']>
      ? { query?: Given<R['query']> }
      : { query: Given<R['query']> }
    : unknown) &
  (R['body'] extends z.ZodType ? { body: Given<R['body']> } : unknown)
/** What the route answers. */
export type Output<R extends RouteSpec> = R['response'] extends z.ZodType ? z.output<R['response']> : undefined
