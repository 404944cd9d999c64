import type { MembershipChange } from './membership.ts'
import * as store from './membership.redis.ts'
import type { Redis } from './redis.ts'

/** The channel of the bus that says which workspace changed, and its version. */
export const membershipChannel = 'membership'

/**
 * Says that the members of a workspace changed, for user-service alone: after the commit, and again by a job. Never
 * throws and takes 200 ms at most; false where Redis did not take it.
 */
export const publishMembership = async (redis: Redis, { workspaceId, version }: MembershipChange): Promise<boolean> => {
  // Inside a script neither ioredis nor the bus puts the prefix before a channel.
  const where = `${redis.options.keyPrefix ?? ''}${membershipChannel}`
  const raised = store.raise(redis, { workspaceId, version, channel: where, message: `${workspaceId} ${version}` })
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), 200)))
  const done = raised.then(
    () => true,
    () => false,
  )
  return Promise.race([done, late]).finally(() => clearTimeout(timer))
}
