import { Agent, request } from 'node:http'
import { setTimeout } from 'node:timers/promises'

export interface Ask {
  method: string
  url: string
  headers: Record<string, string>
  body?: string
}

const ask = (agent: Agent, { method, url, headers, body }: Ask) =>
  new Promise<number>((resolve, reject) => {
    const sent = request(url, { method, agent, headers }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0))
      answer.on('error', reject)
    })
    sent.setTimeout(10_000, () => sent.destroy(new Error('no answer in 10 s')))
    sent.on('error', reject)
    sent.end(body)
  })

/**
 * Ordinary people: so many requests a second at fixed times, whether the ones before were answered or not. Gives the
 * p99 from the time at which each was due, in milliseconds, and what was answered by anything but 2xx.
 */
export const load = async (next: (i: number) => Ask, { rate, ms }: { rate: number; ms: number }) => {
  // Its own connections each time: one that idled from round to round may be closed as it is used.
  const agent = new Agent({ keepAlive: true, maxSockets: 200 })
  const begun = performance.now()
  const took: number[] = []
  const failed: string[] = []
  const asked: Promise<void>[] = []
  for (let i = 0; i < (rate * ms) / 1000; i++) {
    const due = begun + (i * 1000) / rate
    const wait = due - performance.now()
    if (wait > 0) await setTimeout(wait)
    const answered = ask(agent, next(i)).then(
      (status) => void (status >= 300 && failed.push(String(status))),
      (error: unknown) => void failed.push(String(error)),
    )
    asked.push(answered.then(() => void took.push(performance.now() - due)))
  }
  await Promise.all(asked)
  agent.destroy()
  return { p99: took.toSorted((a, b) => a - b)[Math.floor(took.length * 0.99)]!, failed }
}

export const median = (of: readonly number[]) => of.toSorted((a, b) => a - b)[Math.floor(of.length / 2)]!
