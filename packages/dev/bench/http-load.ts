// The load of a round, from a process of its own: what to ask comes as JSON, what was measured goes back so.
import { json } from 'node:stream/consumers'
import autocannon from 'autocannon'
import type { HttpLoad } from './load.ts'

const { url, connections, seconds, requests, refusals = false } = (await json(process.stdin)) as HttpLoad
// Of a connection; after them it begins again.
const most = 64
let begun = 0
const result = await autocannon({
  url,
  connections,
  duration: seconds,
  // Each connection begins elsewhere, or all would ask the same at once. It makes ready all that it may ask before it hears
  // the first answer, and so do the others one after the other: thousands each would be measured as a second of waiting.
  setupClient: (client) => {
    const first = Math.floor((requests.length * begun++) / connections)
    const some = Array.from(
      { length: Math.min(requests.length, most) },
      (_, n) => requests[(first + n) % requests.length],
    )
    client.setRequests(some as autocannon.Request[])
  },
})
const wrong = (refusals ? 0 : result.non2xx) + result.errors + result.timeouts
if (wrong > 0) throw new Error(`${wrong} answers were none: ${JSON.stringify(result.statusCodeStats)}`)
process.stdout.write(
  JSON.stringify({
    requests: result['2xx'] / result.duration,
    total: result.requests.total,
    p50: result.latency.p50,
    p99: result.latency.p99,
  }),
)
