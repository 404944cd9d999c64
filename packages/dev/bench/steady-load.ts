// Asks at random moments, as people do who know nothing of each other; autocannon asks for all of a second at its beginning.
// An answer's time counts from when it was to be asked for, after the first second, in which connections are made.
import { json } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import type { HttpLoad } from './load.ts'

export interface SteadyLoad {
  url: string
  /** Requests a second, on average. */
  rate: number
  /** Each is asked once. */
  requests: HttpLoad['requests']
}

const { url, rate, requests } = (await json(process.stdin)) as SteadyLoad
const begun = performance.now()
const took: number[] = []
const ask = async ({ path, ...request }: SteadyLoad['requests'][number], due: number) => {
  const answer = await fetch(url + path, request)
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${answer.status} ${text}`)
  if (due > begun + 1000) took.push(performance.now() - due)
}
let due = begun
const asked: Promise<void>[] = []
for (const request of requests) {
  due -= (Math.log(1 - Math.random()) * 1000) / rate
  const early = due - performance.now()
  if (early > 0) await setTimeout(Math.ceil(early))
  asked.push(ask(request, due))
}
await Promise.all(asked)
const seconds = (performance.now() - begun) / 1000
const sorted = Float64Array.from(took).toSorted()
const at = (share: number) => sorted[Math.floor(sorted.length * share)]!
process.stdout.write(JSON.stringify({ p99: at(0.99), p50: at(0.5), requests: requests.length / seconds }))
process.exit(0)
