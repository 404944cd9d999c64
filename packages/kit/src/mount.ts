import type { Input, Output, RouteSpec } from '@wealist/contract/route'
import type { ActorOf, Ctx } from './context.ts'
import type { Json, Reply } from './json.ts'
import type { EventStream } from './live/sse.ts'
import type { PageRequest } from './page.ts'

/** What a handler may answer: a value, JSON text from PostgreSQL, either with headers, a response of its own, or a stream. */
export type Answered<R extends RouteSpec> =
  | Output<R>
  | Json<Output<R>>
  | Reply<Output<R> | Json<Output<R>> | undefined>
  | Response
  | EventStream
  | undefined

/** A route with what answers it. */
export interface Mounted {
  route: RouteSpec
  handler: (ctx: never, input: never) => Promise<unknown> | unknown
}

/**
 * `on(route, handler)` for a service with these deps. The handler is given the parsed input and, for lists, the `page`
 * that was asked for. `undefined` where the route promises an answer is 404.
 */
export const handlers =
  <D>() =>
  <const R extends RouteSpec>(
    route: R,
    handler: (
      ctx: Ctx<D, ActorOf<R['access']>>,
      input: Input<R> & { page: PageRequest },
    ) => Promise<Answered<R>> | Answered<R>,
  ): Mounted => ({ route, handler })

/** Routes in the order to mount them: where one has a word, another a parameter, the word is asked first. */
export const inOrder = <T extends { route: { path: string } }>(routes: readonly T[]): T[] => {
  const key = ({ route }: T) => route.path.replaceAll('{', '\uffff')
  return routes.toSorted((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0))
}
