import { statuses } from '@wealist/contract/problem'
import type { ServiceName } from '@wealist/contract/topology'

const codes = Object.entries(statuses).map(([code, status]) => `\`${code}\` ${status}`)

/** What holds for every route of a service, a sentence a line, for who sees a first one. */
export const manners = (service: ServiceName): string[] => [
  `Outside, \`/api/svc/${service}\` stands before every path.`,
  'Send `authorization: Bearer <accessToken>`; `POST /api/auth/login` of auth gives one, good for 15 minutes. A socket, or a stream of an EventSource, takes `?ticket=` of `POST /api/auth/ticket` instead: each attempt another one.',
  'Access: `public` anybody, without a token; `self` who is signed in, about themselves; `scoped` who has a right on what the path, query or body names; `role` a platform role.',
  'A body is JSON of at most 256 KB unless a route says otherwise, and has no other fields than those listed. `PATCH` changes what is sent; `null` clears. Lengths of text are UTF-16 units, as `length` of JavaScript counts them.',
  'Times are ISO 8601 with an offset, and answered in UTC. Ids are UUIDs.',
  'A list is `{ items, nextCursor }`: ask again with `?cursor=` until it is null; `?limit=` is 50 unless told, at most 100.',
  'Where a resource has an `ETag`, it is its `version`: a change with `If-Match: "<version>"` is refused with 412 where somebody changed it since, and one without is made.',
  '`Idempotency-Key`, 1 to 255 printable characters, makes a retry safe for 24 hours: it gets the same answer, with `Idempotency-Replayed: true`; 409 while the first one still runs, 422 with another body.',
  'Of a change that others see live, `Topic-Seq` is the seq of its event.',
  'A person, or before sign-in an address, has as many requests a minute as `RateLimit-Policy` says: 600, and 30 on routes that say so. Past that it is 429; `Retry-After`, as on 503, is in seconds.',
  'In examples `$task` stands for the id of a task, and so on.',
  `An error is \`{ error: { code, message, details?, requestId } }\`: ${codes.join(', ')}. \`details\` of a \`VALIDATION_ERROR\` are \`{ path, message }\`; \`requestId\` is what to tell us.`,
]

/** What holds for every socket: how a client keeps it, and what it reads from how it ends. */
export const socketManners: string[] = [
  'The first frame is `{ "type": "resume", "payload": { "after"?, "epoch"? } }`, within 10 s: what came after the seq `after` follows, then `ready { seq, epoch }`, then what happens. Without `after` it begins now.',
  'Events have a `seq` at the top, dense and from 1: apply `last + 1`, drop what is not newer, hold what is early for half a second and then `resume` from `last`. Only events and a state that was read move `last`.',
  '`reset` and `stale` say that the state is to be read anew; its `seq` is the new `last`.',
  '`ping { seq? }` each 25 s: `pong { seq }` above `last` says that something is missing. Who is silent for 90 s is closed. `renew { ticket }` before the access token ends, answered by `renewed { expiresAt }`.',
  'A frame of a client has 32 KB at most; 100 frames in 10 s, 100 sockets of one person.',
  'Before it ends comes `bye { code, retryAfter? }`, milliseconds. `1012` and `4408`: come back and resume. `4401`: with a new ticket. `4403` and `4404`: do not come back. `4400` and `1009`: your frame was wrong or too large. `4429`: too many.',
]
