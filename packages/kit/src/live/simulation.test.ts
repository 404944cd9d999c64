import { describe, expect, test } from 'vitest'
import { newId } from '../ids.ts'
import { simulatedClient, type World } from './simulation.client.ts'
import { simulatedDatabase } from './simulation.database.ts'
import { simulatedFunctions } from './simulation.functions.ts'
import { simulatedProcesses } from './simulation.process.ts'
import { chanceOf, virtualTime } from './simulation.time.ts'

const seeds = process.env['SIMULATION_SEED']
  ? [Number(process.env['SIMULATION_SEED'])]
  : Array.from({ length: Number(process.env['SIMULATION_RUNS'] ?? 60) }, (_, i) => i + 1)

const transports = { processes: simulatedProcesses, functions: simulatedFunctions }
type Transport = keyof typeof transports

describe.each(Object.keys(transports) as Transport[])('on %s', (transport) => {
  test.each(seeds)(
    'whatever is lost, doubled, late or dies, every client ends with what is stored (seed %i)',
    async (seed) => {
      const { failures, done } = await simulate(transport, seed)
      if (process.env['SIMULATION_TELL']) console.log(transport, seed, JSON.stringify(done))
      expect(failures, `SIMULATION_SEED=${seed}`).toEqual([])
      expect(done.delivered).toBeGreaterThan(0)
    },
  )
})

const simulate = async (transport: Transport, seed: number) => {
  const chance = chanceOf(seed)
  const time = virtualTime(chance.random)
  const database = simulatedDatabase(time, chance)
  const ended = new Map<string, number>()
  const failures: string[] = []
  const done = { delivered: 0, gaps: 0, fills: 0, broken: 0, resets: 0, slow: 0, died: 0, restored: 0, removed: 0 }
  const ground = { time, chance, database, ended }
  const fleet = transports[transport](ground, {
    delivered: (n) => void (done.delivered += n),
    gap: () => void done.gaps++,
    filled: () => void done.fills++,
    broken: () => void done.broken++,
    reset: () => void done.resets++,
    slow: () => void done.slow++,
    died: () => void done.died++,
  })
  const world: World = {
    ...ground,
    fleet,
    fail: (about) => void (failures.length < 10 && failures.push(`${Math.round(time.now() - begun)} ms: ${about}`)),
  }
  const begun = time.now()
  const people = Array.from({ length: 5 }, () => newId())
  const names = ['project:1', 'project:2']
  for (const name of names) database.create(name, people)
  const clients = Array.from({ length: 8 }, (_, i) =>
    simulatedClient(world, `client ${i}`, names[i % 2]!, people[i % people.length]!),
  )

  const everybody = () => chance.pick(clients)
  const hazards: [number, () => unknown][] = [
    [1.2, () => everybody().drop()],
    [0.3, () => everybody().stall()],
    [0.5, () => everybody().readAgain()],
    [0.2, () => everybody().startOver()],
    ...fleet.hazards,
    [0.1, () => burst(chance.pick(names), chance.chance(0.3) ? 1200 : 150)],
    [0.05, () => database.trim(chance.pick(names))],
    [0.03, () => restore(chance.pick(names))],
    [0.8, () => remove(chance.pick(names), chance.pick(people))],
    [0.1, () => endSession(everybody().sid)],
  ]
  const remove = async (topic: string, userId: string) => {
    if (!database.topic(topic).members.has(userId)) return
    done.removed++
    await fleet.write(() => database.removeMember(topic, userId))
    await time.sleep(chance.between(0, 4000))
    if (database.topic(topic).members.has(userId)) return
    await fleet.write(() => database.addMember(topic, userId))
    invite()
  }
  const restore = (topic: string) => {
    done.restored++
    database.restore(topic)
    fleet.restored()
    for (const client of clients) if (client.topic === topic) client.restored()
    invite()
  }
  const invite = () => {
    for (const client of clients) if (database.topic(client.topic).members.has(client.userId)) client.invited()
  }
  const endSession = (sid: string) => {
    ended.set(sid, time.now())
    fleet.endSession(sid)
  }
  // Work of a process that dies before it says a word of it.
  const burst = (topic: string, n: number) => {
    for (let i = 0; i < n; i++) database.change(topic)
  }

  for (let second = 0; second < 60; second++) {
    fleet.trouble(chance.pick([0, 1, 2]))
    database.trouble.failing = chance.chance(0.2) ? chance.between(0.1, 0.9) : 0
    for (const [often, hazard] of hazards)
      if (chance.chance(often / 2)) time.after(chance.between(0, 1000), () => void hazard())
    const writes = chance.between(0, 15)
    for (let i = 0; i < writes; i++)
      time.after(chance.between(0, 1000), () => void fleet.write(() => database.change(chance.pick(names))))
    await time.run(1000)
  }

  // Everything heals, and who lost something is given the time in which they notice.
  fleet.trouble(0)
  database.trouble.failing = 0
  await time.run(15_000)
  invite()
  await time.run(10_000)
  for (const client of clients) client.heal()
  await time.run(100_000)
  for (const client of clients) {
    const verdict = client.verdict()
    if (verdict) failures.push(`at the end: ${verdict}`)
    client.stop()
  }
  fleet.stop()
  return { failures, done }
}
