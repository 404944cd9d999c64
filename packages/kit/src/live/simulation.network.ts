import type { Bus } from '../bus.ts'
import type { Wire } from './connection.ts'
import type { Chance, VirtualTime } from './simulation.time.ts'

/** Redis between the processes: loses, doubles, delays and reorders as much as it is told. */
export const simulatedBus = (time: VirtualTime, { chance, between }: Chance) => {
  const faults = { lost: 0, doubled: 0, slow: 20, down: false }
  let restarts = 0
  const processes = new Set<{
    channels: Map<string, Set<(m: string) => void>>
    returned: Set<() => void>
    deaf: boolean
  }>()
  return {
    faults,
    /** Loses what is on its way. */
    restart: () => void restarts++,
    /** The bus as a process has it. `leave` when it dies. */
    join: (): Bus & { leave(): void; deafen(ms: number): void } => {
      const own = {
        channels: new Map<string, Set<(m: string) => void>>(),
        returned: new Set<() => void>(),
        deaf: false,
      }
      processes.add(own)
      return {
        publish: (channel, message) => {
          if (faults.down) return
          for (const other of processes) {
            if (other.deaf || chance(faults.lost)) continue
            const begun = restarts
            const copies = chance(faults.doubled) ? 2 : 1
            for (let i = 0; i < copies; i++)
              time.after(between(0.1, faults.slow), () => {
                if (processes.has(other) && !other.deaf && restarts === begun)
                  for (const listener of other.channels.get(channel) ?? []) listener(message)
              })
          }
        },
        subscribe: (channel, listener) => {
          const all = own.channels.get(channel) ?? new Set()
          own.channels.set(channel, all.add(listener))
          return () => void all.delete(listener)
        },
        onReturn: (listener) => {
          own.returned.add(listener)
          return () => void own.returned.delete(listener)
        },
        close: () => undefined,
        leave: () => void processes.delete(own),
        deafen: (ms) => {
          own.deaf = true
          time.after(ms, () => {
            own.deaf = false
            for (const back of own.returned) back()
          })
        },
      }
    },
  }
}

export interface LineOptions {
  /** Neither order nor arrival is promised: what API Gateway's posts are. */
  loose: boolean
  /** Bytes a second that the client takes. */
  speed: number
}

/** A connection's way to the client, and what it does to the frames on it. */
export const simulatedLine = (
  time: VirtualTime,
  { chance, between }: Chance,
  { loose, speed: first }: LineOptions,
  client: { hear(text: string): void; closed(code: number): void },
) => {
  const queue: { text: string; bytes: number }[] = []
  let unsent = 0
  let taken = 0
  let resets = 0
  let pumping = false
  let stalledUntil = 0
  let cut = false
  let closing: number | undefined
  let lost = loose ? 0.05 : 0
  let speed = first

  const pump = async () => {
    if (pumping) return
    pumping = true
    while (!cut && queue.length > 0) {
      while (!cut && time.now() < stalledUntil) await time.sleep(50)
      const item = queue.shift()!
      await time.sleep((item.bytes / speed) * 1000)
      if (cut) break
      unsent -= item.bytes
      taken += item.bytes
      client.hear(item.text)
    }
    pumping = false
    if (closing !== undefined && !cut) {
      cut = true
      client.closed(closing)
    }
  }

  const wire: Wire = {
    send: ({ type, text }) => {
      if (cut || closing !== undefined) return
      if (loose) {
        // A restore takes longer than any post: what was sent before the \`reset\` that follows it has arrived or is lost.
        if (type === 'reset') resets++
        const before = resets
        const arrive = () => void (cut || before !== resets || client.hear(text))
        if (!chance(lost)) time.after(between(1, chance(0.1) ? 900 : 60), arrive)
        return
      }
      queue.push({ text, bytes: text.length })
      unsent += text.length
      void pump()
    },
    unsent: () => unsent,
    taken: () => taken,
    close: (code) => {
      closing = code
      time.after(2000, () => {
        if (cut) return
        cut = true
        client.closed(1006)
      })
      time.after(5, () => void pump())
    },
  }
  return {
    wire,
    /** From now on nothing is lost, and the client reads fast. */
    heal: () => {
      lost = 0
      speed = 1e7
    },
    stall: (ms: number) => void (stalledUntil = time.now() + ms),
    cut: () => void (cut = true),
  }
}
