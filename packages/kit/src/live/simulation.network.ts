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
  { loose, speed }: LineOptions,
  client: { hear(text: string): void; closed(code: number): void },
) => {
  const queue: { text: string; bytes: number }[] = []
  let unsent = 0
  let taken = 0
  let pumping = false
  let stalledUntil = 0
  let cut = false
  let closing: number | undefined
  const faults = { lost: loose ? 0.05 : 0 }

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
    send: ({ text }) => {
      if (cut || closing !== undefined) return
      if (loose) {
        if (!chance(faults.lost)) time.after(between(1, chance(0.1) ? 900 : 60), () => void (cut || client.hear(text)))
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
    faults,
    stall: (ms: number) => void (stalledUntil = time.now() + ms),
    cut: () => void (cut = true),
  }
}
