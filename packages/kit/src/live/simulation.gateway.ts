import { closeCodes } from './close-codes.ts'
import type { Wire } from './connection.ts'
import type { Posts } from './lambda-posts.ts'
import { control, type Message } from './message.ts'
import type { Ground } from './simulation.fleet.ts'

/** API Gateway: has the connections, and takes posts to them, which are late, doubled, or find nobody. */
export const simulatedGateway = (
  { time, chance: { chance, between }, database }: Ground,
  sent: (n: number) => void,
) => {
  const faults = { doubled: 0, slow: 5 }
  const connections = new Map<string, { wire: Wire; since: number }>()

  const disconnect = (id: string) => {
    const { wire } = connections.get(id) ?? {}
    connections.delete(id)
    // After what was posted before, unless that is lost.
    if (wire) time.after(1000, () => wire.close(closeCodes.done))
  }
  const post: Posts['post'] = async (id, message) => {
    const { restores } = database
    await time.sleep(between(1, faults.slow))
    const to = connections.get(id)
    // A restore takes longer than any post.
    if (!to || restores !== database.restores || to.since > time.now()) return false
    for (let copies = chance(faults.doubled) ? 2 : 1; copies > 0; copies--) to.wire.send(message as Message)
    sent(1)
    await time.sleep(between(0.5, 3))
    return true
  }
  const posts: Posts = {
    post,
    bye: async (id, code) => {
      await post(id, control('bye', { code }))
      disconnect(id)
    },
    close: () => undefined,
  }
  return {
    faults,
    posts,
    /** Now and then a post says 410 of one that is only just there. */
    let: (id: string, wire: Wire) =>
      void connections.set(id, { wire, since: time.now() + (chance(0.1) ? between(50, 5000) : 0) }),
    has: (id: string) => connections.has(id),
    disconnect,
    /** True where it was still there. */
    gone: (id: string) => connections.delete(id),
  }
}
