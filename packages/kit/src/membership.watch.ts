import { every } from './beat.ts'
import type { Live } from './live/live.ts'
import type { Memberships } from './membership.ts'

/**
 * Has the right of open sockets and streams decided again when the members of their workspace change: on the published
 * change, and, since that may be lost, when a version in Redis moved, looked at each second. While Redis is away nothing
 * is decided. Gives the function that ends it.
 */
export const watchMembership = (
  memberships: Pick<Memberships, 'onChange' | 'versions'>,
  live: Pick<Live, 'workspaces' | 'membershipChanged'>,
  intervalMs = 1000,
): (() => void) => {
  let seen = new Map<string, number>()
  let looking = false
  const off = memberships.onChange(({ workspaceId, version }) => {
    seen.set(workspaceId, version)
    live.membershipChanged(workspaceId)
  })
  const look = async () => {
    if (looking) return
    looking = true
    try {
      const versions = await memberships.versions(live.workspaces())
      // One seen for the first time may have moved since its socket was let in.
      for (const [workspaceId, version] of versions)
        if (seen.get(workspaceId) !== version) live.membershipChanged(workspaceId)
      seen = versions
    } finally {
      looking = false
    }
  }
  const rest = every(intervalMs, () => void look().catch(() => undefined))
  return () => {
    off()
    rest()
  }
}
