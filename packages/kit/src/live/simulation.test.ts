import { expect, test } from 'vitest'
import { newId } from '../ids.ts'
import { simulatedClient, type World } from './simulation.client.ts'
import { simulatedDatabase } from './simulation.database.ts'
import { simulatedBus } from './simulation.network.ts'
import { type SimulatedProcess, simulatedProcess } from './simulation.process.ts'
import { chanceOf, virtualTime } from './simulation.time.ts'

const seeds = process.env['SIMULATION_SEED']
  ? [Number(process.env['SIMULATION_SEED'])]
  : Array.from({ length: Number(process.env['SIMULATION_RUNS'] ?? 60) }, (_, i) => i + 1)

test.each(seeds)(
  'whatever is lost, doubled, late or dies, every client ends with what is stored (seed %i)',
  async (seed) => {
    const { failures, done } = await simulate(seed)
    if (process.env['SIMULATION_TELL']) console.log(seed, JSON.stringify(done))
    expect(failures, `SIMULATION_SEED=${seed}`).toEqual([])
    expect(done.delivered).toBeGreaterThan(0)
  },
)

const simulate = async (seed: number) => {
  const chance = chanceOf(seed)
  const time = virtualTime(chance.random)
  const database = simulatedDatabase(time, chance)
  const bus = simulatedBus(time, chance)
  const ended = new Map<string, number>()
  const failures: string[] = []
  const done = { delivered: 0, gaps: 0, fills: 0, broken: 0, resets: 0, slow: 0, died: 0, restored: 0, removed: 0 }
  const counts = {
    delivered: (n: number) => void (done.delivered += n),
    gap: () => void done.gaps++,
    filled: () => void done.fills++,
    broken: () => void done.broken++,
    reset: () => void done.resets++,
    slow: () => void done.slow++,
  }
  const start = () => simulatedProcess({ time, database, bus, ended, counts })
  const processes: SimulatedProcess[] = [start(), start(), start()]
  const world: World = {
    time,
    chance,
    database,
    ended,
    process: () => {
      const up = processes.filter((p) => p.alive)
      return up.length > 0 ? chance.pick(up) : undefined
    },
    fail: (about) => void (failures.length < 10 && failures.push(`${Math.round(time.now() - begun)} ms: ${about}`)),
  }
  const begun = time.now()
  const people = Array.from({ length: 5 }, () => newId())
  const names = ['project:1', 'project:2']
  for (const name of names) database.create(name, people)
  const clients = Array.from({ length: 8 }, (_, i) =>
    simulatedClient(world, `client ${i}`, names[i % 2]!, people[i % people.length]!),
  )

  // A request: it commits on some process, which publishes a little later, unless it dies before.
  const write = async (commit: () => ReturnType<typeof database.change>) => {
    const on = world.process()
    if (!on) return
    await time.sleep(chance.between(0.1, 20))
    if (!on.alive) return
    const { restores } = database
    const event = commit()
    await time.sleep(chance.chance(0.1) ? chance.between(10, 300) : chance.between(0, 3))
    if (database.restores === restores) on.publish(event)
  }
  const leaving = new Set<SimulatedProcess>()
  const restart = async (i: number) => {
    const old = processes[i]!
    if (!old.alive || leaving.has(old)) return
    leaving.add(old)
    done.died++
    if (chance.chance(0.4)) await old.drain(chance.between(0, 3000))
    old.die()
    await time.sleep(chance.between(10, 3000))
    processes[i] = start()
  }
  const everybody = () => chance.pick(clients)
  const hazards: [number, () => unknown][] = [
    [1.2, () => everybody().drop()],
    [0.3, () => everybody().stall()],
    [0.5, () => everybody().readAgain()],
    [0.2, () => everybody().startOver()],
    [0.15, () => restart(Math.floor(chance.between(0, processes.length)))],
    [0.3, () => chance.pick(processes).bus.deafen(chance.between(10, 5000))],
    [0.1, () => burst(chance.pick(names), chance.chance(0.3) ? 1200 : 150)],
    [0.05, () => database.trim(chance.pick(names))],
    [0.03, () => restore(chance.pick(names))],
    [0.8, () => remove(chance.pick(names), chance.pick(people))],
    [0.1, () => endSession(everybody().sid)],
  ]
  const remove = async (topic: string, userId: string) => {
    if (!database.topic(topic).members.has(userId)) return
    done.removed++
    await write(() => database.removeMember(topic, userId))
    await time.sleep(chance.between(0, 4000))
    if (database.topic(topic).members.has(userId)) return
    await write(() => database.addMember(topic, userId))
    invite()
  }
  const restore = (topic: string) => {
    done.restored++
    database.restore(topic)
    bus.restart()
    for (const client of clients) if (client.topic === topic) client.restored()
    invite()
  }
  const invite = () => {
    for (const client of clients) if (database.topic(client.topic).members.has(client.userId)) client.invited()
  }
  const endSession = (sid: string) => {
    ended.set(sid, time.now())
    for (const p of processes) time.after(chance.between(0, 900), () => p.hearRevocation(sid))
  }
  // Work of a process that dies before it says a word of it.
  const burst = (topic: string, n: number) => {
    for (let i = 0; i < n; i++) database.change(topic)
  }

  for (let second = 0; second < 60; second++) {
    Object.assign(
      bus.faults,
      chance.pick([
        { lost: 0, doubled: 0, slow: 5 },
        { lost: 0.1, doubled: 0.1, slow: 60 },
        { lost: 0.5, doubled: 0.3, slow: 400 },
      ]),
    )
    database.trouble.failing = chance.chance(0.2) ? chance.between(0.1, 0.9) : 0
    for (const [often, hazard] of hazards)
      if (chance.chance(often / 2)) time.after(chance.between(0, 1000), () => void hazard())
    const writes = chance.between(0, 15)
    for (let i = 0; i < writes; i++)
      time.after(chance.between(0, 1000), () => void write(() => database.change(chance.pick(names))))
    await time.run(1000)
  }

  // Everything heals, and who lost something is given the time in which they notice.
  Object.assign(bus.faults, { lost: 0, doubled: 0, slow: 5, down: false })
  database.trouble.failing = 0
  await time.run(15_000)
  invite()
  await time.run(10_000)
  for (const client of clients) client.heal()
  await time.run(70_000)
  for (const client of clients) {
    const verdict = client.verdict()
    if (verdict) failures.push(`at the end: ${verdict}`)
    client.stop()
  }
  for (const p of processes) if (p.alive) p.die()
  return { failures, done }
}
