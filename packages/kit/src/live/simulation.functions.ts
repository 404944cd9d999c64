import { newId } from '../ids.ts'
import type { LogEvent } from '../tx.ts'
import { closeCodes } from './close-codes.ts'
import { frameOf } from './frame.ts'
import { onFrame } from './lambda-frames.ts'
import { openLambdaLive } from './lambda-live.ts'
import * as registry from './lambda.redis.ts'
import { type Fleet, type Ground, nobodyRenews, personOf, rightsIn, simulatedSocket } from './simulation.fleet.ts'
import { simulatedGateway } from './simulation.gateway.ts'
import { simulatedRedis } from './simulation.redis.ts'

/** What a check and the post after it take, and the minute in which the schedule ends what nobody was told of. */
const posting = 1000
const unheard = 60_000
const version = 'membership:{workspace}'

/**
 * Functions behind API Gateway, as `live.ts` and `lambda-socket.ts` put them together, over a simulated Redis. Each call
 * may end at any step; frames of one connection are handled at the same time.
 */
export const simulatedFunctions = (ground: Ground, counts: { delivered(n: number): void; died(): void }): Fleet => {
  const { time, database } = ground
  const { chance, between } = ground.chance
  const redis = simulatedRedis(time, ground.chance)
  const gateway = simulatedGateway(ground, counts.delivered)
  const calls = new Set<() => void>()
  const sockets = [simulatedSocket(database)]
  let dying = 0
  let stopped = false

  /** A call of a function, and what it works with. Once it is over, nothing that it waits for comes. */
  const begin = () => {
    const call = { alive: true }
    const { promise: over, resolve } = Promise.withResolvers<void>()
    const end = () => {
      call.alive = false
      calls.delete(end)
      resolve()
    }
    calls.add(end)
    const mortal = <T extends object>(far: T): T => {
      const never = new Promise(() => undefined)
      const all = Object.entries(far).map(([name, ask]: [string, (...given: unknown[]) => unknown]) => [
        name,
        async (...given: unknown[]) => {
          const answer = call.alive ? await ask(...given) : undefined
          return call.alive ? answer : never
        },
      ])
      return Object.fromEntries(all) as T
    }
    if (chance(dying)) time.after(between(0, 60), () => void (call.alive && (counts.died(), end())))
    const parts = {
      ...{ ...rightsIn(ground), service: 'chat' as const, sockets, clock: time, timing: time, log: database.log },
      ...{ redis: mortal(redis.client()), posts: mortal(gateway.posts), auth: nobodyRenews },
    }
    return { parts: { ...parts, live: openLambdaLive(parts) }, end, over, isAlive: () => call.alive }
  }
  const run = async (work: (call: ReturnType<typeof begin>) => Promise<unknown>) => {
    const call = begin()
    await time.sleep(between(0.5, chance(0.1) ? 100 : 10))
    await Promise.race([work(call).catch(() => undefined), call.over])
    call.end()
  }

  // How long somebody who was removed may still hear of the topic.
  const leaks = new Map<string, number>()
  let restoredAt = -Infinity
  const removed = ({ type, topic, payload }: LogEvent, ms: number) => {
    if (type !== 'member.removed') return
    leaks.set(`${topic} ${(JSON.parse(payload!) as { userId: string }).userId}`, time.now() + ms)
  }

  let versions = 1
  const raise = () => redis.commands['set']!(version, String(versions++))
  raise()
  const schedule = () =>
    time.after(10_000, () => {
      if (stopped) return
      void run(({ parts }) => parts.live.sweep())
      schedule()
    })
  schedule()

  return {
    ordered: false,
    door: () => (arrival) => {
      const id = newId()
      const { wire, topic } = arrival
      const connected = run(async ({ parts }) => {
        const at = time.now()
        const person = personOf(arrival, at)
        await registry.keep(parts, { id, at, route: sockets[0]!.route.path, given: { topic }, person })
        gateway.let(id, wire)
      }).then(() => void (gateway.has(id) || wire.close(closeCodes.restarting)))
      return {
        receive: async (text) => {
          await connected
          if (!gateway.has(id)) return
          await run(async ({ parts }) => {
            const [kept] = await registry.find(parts, [id])
            if (kept) await onFrame(parts, kept, text)
            else await parts.posts.bye(id, closeCodes.restarting)
          })
        },
        // Not all who go are said to have gone.
        gone: () => void (gateway.gone(id) && chance(0.7) && run(({ parts }) => registry.drop(parts, id))),
        close: () => gateway.disconnect(id),
      }
    },
    // A removal is heard of in no order: in the time that its posts take, or within the minute where nobody was told.
    maySee: (topic, userId, seq) =>
      database.maySee(topic, userId, seq) ||
      time.now() < (leaks.get(`${topic} ${userId}`) ?? 0) ||
      time.now() < restoredAt + unheard,
    write: (commit) =>
      run(async ({ parts, isAlive }) => {
        await time.sleep(between(0.1, 20))
        if (!isAlive()) return
        const event = commit()
        removed(event, unheard)
        await time.sleep(chance(0.1) ? between(10, 300) : between(0, 3))
        if (!isAlive()) return
        if (event.type === 'member.removed' && chance(0.5)) raise()
        await parts.live.publish(frameOf(event))
        if (isAlive()) removed(event, posting)
      }),
    endSession: () => undefined,
    restored: () => {
      restoredAt = time.now()
      for (const end of calls) end()
    },
    trouble: (much) => {
      dying = [0, 0.02, 0.1][much]!
      gateway.faults.doubled = [0, 0.1, 0.3][much]!
      gateway.faults.slow = [5, 60, 300][much]!
    },
    hazards: [],
    stop: () => void (stopped = true),
  }
}
