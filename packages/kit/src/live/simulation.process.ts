import type { LogEvent } from '../tx.ts'
import { closeCodes } from './close-codes.ts'
import { connect, type Open } from './connection.ts'
import { channelOf, encode, frameOf } from './frame.ts'
import { type Counts, openHub } from './hub.ts'
import {
  type Arrival,
  type Fleet,
  type Ground,
  nobodyRenews,
  personOf,
  rightsIn,
  simulatedSocket,
} from './simulation.fleet.ts'
import { simulatedBus } from './simulation.network.ts'

type SimulatedProcess = ReturnType<typeof simulatedProcess>

interface ProcessParts extends Ground {
  bus: ReturnType<typeof simulatedBus>
  counts: Counts
}

/** A process as `live.ts` puts it together, over a simulated database, bus and network. It may die at any moment. */
const simulatedProcess = (parts: ProcessParts) => {
  const { time, database, bus, counts } = parts
  const own = bus.join()
  const connections = new Map<Open, () => void>()
  let alive = true
  const hub = openHub({ service: 'chat', bus: own, log: database.log, timing: time, counts, warn: () => undefined })
  const socket = simulatedSocket(database)
  const connecting = { ...rightsIn(parts), hub, timing: time, auth: nobodyRenews }

  return {
    bus: own,
    get alive() {
      return alive
    },
    connect: (arrival: Arrival): Open => {
      const { wire, topic } = arrival
      const open = connect(connecting, { socket, wire, person: personOf(arrival, time.now()), params: { topic } })
      connections.set(open, arrival.died)
      return open
    },
    /** What follows a commit. */
    publish: (event: LogEvent) => {
      if (!alive) return
      const frame = frameOf(event)
      hub.offer(frame)
      own.publish(channelOf('chat', frame.topic), encode(frame))
    },
    hearRevocation: (sid: string) => alive && hub.closeWhere((l) => l.person.sid === sid, closeCodes.unauthorized),
    drain: (ms: number) => hub.drain(ms),
    die: () => {
      alive = false
      for (const [open, died] of connections) {
        open.gone()
        died()
      }
      hub.close()
      own.leave()
    },
  }
}

/** Three processes over a bus, which die, leave and are followed by others. */
export const simulatedProcesses = (ground: Ground, counts: Counts & { died(): void }): Fleet => {
  const { time, database } = ground
  const { chance, between, pick } = ground.chance
  const bus = simulatedBus(time, ground.chance)
  const start = () => simulatedProcess({ ...ground, bus, counts })
  const processes = [start(), start(), start()]
  const up = () => {
    const alive = processes.filter((p) => p.alive)
    return alive.length > 0 ? pick(alive) : undefined
  }
  const leaving = new Set<SimulatedProcess>()
  const restart = async (i: number) => {
    const old = processes[i]!
    if (!old.alive || leaving.has(old)) return
    leaving.add(old)
    counts.died()
    if (chance(0.4)) await old.drain(between(0, 3000))
    old.die()
    await time.sleep(between(10, 3000))
    processes[i] = start()
  }
  return {
    ordered: true,
    door: () => up()?.connect,
    maySee: database.maySee,
    write: async (commit) => {
      const on = up()
      if (!on) return
      await time.sleep(between(0.1, 20))
      if (!on.alive) return
      const { restores } = database
      const event = commit()
      await time.sleep(chance(0.1) ? between(10, 300) : between(0, 3))
      if (database.restores === restores) on.publish(event)
    },
    endSession: (sid) => {
      for (const p of processes) time.after(between(0, 900), () => p.hearRevocation(sid))
    },
    restored: bus.restart,
    trouble: (much) => {
      const faults = [
        { lost: 0, doubled: 0, slow: 5 },
        { lost: 0.1, doubled: 0.1, slow: 60 },
        { lost: 0.5, doubled: 0.3, slow: 400 },
      ]
      Object.assign(bus.faults, faults[much])
    },
    hazards: [
      [0.15, () => restart(Math.floor(between(0, processes.length)))],
      [0.3, () => pick(processes).bus.deafen(between(10, 5000))],
    ],
    stop: () => {
      for (const p of processes) if (p.alive) p.die()
    },
  }
}
