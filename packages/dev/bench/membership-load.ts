// Asks for a membership again and again, as every request of a signed-in person does; tells microseconds of CPU each.
import { json } from 'node:stream/consumers'
import { openBus } from '@wealist/kit/bus'
import { newId } from '@wealist/kit/ids'
import { openLog } from '@wealist/kit/log'
import { openMembership } from '@wealist/kit/membership'
import { publishMembership } from '@wealist/kit/membership.publish'
import { openRedis, ready } from '@wealist/kit/redis'

const { redis: url, times } = (await json(process.stdin)) as { redis: string; times: number }
const log = openLog({ service: 'bench', level: 'silent' })
const redis = openRedis({ url, prefix: 'bench:', cluster: false, log })
await ready(redis)
const bus = openBus({ redis, prefix: 'bench:', log })
let version = 1
const call = (() => Promise.resolve({ role: 'member', version })) as never
const memberships = openMembership({ redis, bus, call, clock: Date, log })
const [workspaceId, userId] = [newId(), newId()]

const each = async (n: number, ask: (i: number) => Promise<unknown>) => {
  const before = process.cpuUsage()
  for (let i = 0; i < n; i++) await ask(i)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / n
}
const cold = Array.from({ length: times / 100 }, newId)
await memberships.of(workspaceId, userId)
await each(times / 10, () => memberships.of(workspaceId, userId))
const told = {
  cached: await each(times, () => memberships.of(workspaceId, userId)),
  cold: await each(cold.length, (i) => memberships.of(workspaceId, cold[i]!)),
  invalidated: await each(times / 1000, async () => {
    version++
    await publishMembership(redis, { workspaceId, version })
    await memberships.of(workspaceId, userId)
  }),
}
process.stdout.write(JSON.stringify(told))
process.exit(0)
