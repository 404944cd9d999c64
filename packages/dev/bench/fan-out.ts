import { setTimeout } from 'node:timers/promises'
import type { Contestant, Figures } from './compare.ts'
import type { Started } from './lab.ts'
import { listen, type Listen, type Listening, stamp } from './listeners.ts'

export interface FanOut {
  name: string
  kind: Contestant['kind']
  servers: Started[]
  /** A client of a topic at one of the servers. */
  client(server: Started, topic: string, i: number): Listen
  /** Says a text to a topic, as another process of the fleet would. */
  say(topic: string, text: string): unknown
}

export const fanOutFigures = {
  throughput: 'deliveries a second at most',
  capacity: 'deliveries a second of CPU',
  p50: 'ms until heard',
  p99: 'ms until heard',
}

/** A message as long as people write them, with the time in it. */
const message = () =>
  JSON.stringify({
    at: stamp(),
    content: 'A message of an ordinary length, as people write them all day.',
    senderName: 'Somebody',
  })

/** Deliveries that are under way where as much is said as is heard. */
const inFlight = 20_000

/**
 * Clients of `topics`, `each` of them on every one, shared out among the servers. First `rate` messages a second go to
 * one topic after the other: the CPU of the servers for each delivery, and how late it came, at equal load. Then as many
 * as are heard: what comes through at most.
 */
export const fanOut = (
  { topics, each, rate, seconds }: { topics: string[]; each: number; rate: number; seconds: number },
  { name, kind, servers, client, say }: FanOut,
): Contestant & { stop(): Promise<void> } => {
  let listening: Promise<Listening> | undefined
  const open = () =>
    (listening ??= listen(
      topics.flatMap((topic, t) =>
        Array.from({ length: each }, (_, i) => client(servers[i % servers.length]!, topic, t * each + i)),
      ),
    ))
  const used = async () => (await Promise.all(servers.map((s) => s.usage()))).reduce((sum, u) => sum + u.cpu, 0)
  const atEqualLoad = async (clients: Listening): Promise<Figures> => {
    await clients.heard()
    const before = await used()
    const sent = rate * seconds
    const begun = performance.now()
    for (let i = 0; i < sent; i++) {
      const due = begun + (i * 1000) / rate
      if (due > performance.now() + 1) await setTimeout(due - performance.now())
      say(topics[i % topics.length]!, message())
    }
    await setTimeout(700)
    const cpu = (await used()) - before
    const heard = await clients.heard()
    if (heard.count !== sent * each) throw new Error(`${name}: ${heard.count} of ${sent * each} were heard`)
    return { capacity: heard.count / (cpu / 1e6), p50: heard.p50, p99: heard.p99 }
  }
  const atMost = async (clients: Listening) => {
    const begun = performance.now()
    const until = begun + seconds * 1000
    let said = 0
    let heard = 0
    while (performance.now() < until || heard < said * each) {
      while (performance.now() < until && said * each - heard < inFlight)
        say(topics[said++ % topics.length]!, message())
      heard += (await clients.heard()).count
      if (performance.now() > until + 10_000) throw new Error(`${name}: ${heard} of ${said * each} were heard`)
    }
    return heard / ((performance.now() - begun) / 1000)
  }
  const round = async (): Promise<Figures> => {
    const clients = await open()
    await setTimeout(1500)
    const equal = await atEqualLoad(clients)
    return { throughput: await atMost(clients), ...equal }
  }
  const stop = async () => (await listening)?.stop()
  return { name, kind, round, stop }
}
