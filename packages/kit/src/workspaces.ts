import type { Base } from './context.ts'
import { type DirectoryEvent, followDirectory } from './directory.ts'
import { openMembership } from './membership.ts'
import { watchMembership } from './membership.watch.ts'
import type { Tx } from './tx.ts'

/**
 * What a service knows of workspaces, which are user-service's: who is in them, asked and remembered, and what happened
 * to them, followed by its log. Sockets and streams are decided again when members change.
 */
export const openWorkspaces = (base: Base, follow: (tx: Tx, event: DirectoryEvent) => Promise<void>) => {
  const memberships = openMembership({ ...base, remember: base.resident })
  const unwatch = base.resident ? watchMembership(memberships, base.live) : undefined
  const directory = followDirectory({ ...base, apply: follow, intervalMs: base.resident ? 15_000 : 0 })
  return {
    memberships,
    directory,
    close: async () => {
      unwatch?.()
      await directory.stop()
      await memberships.close()
    },
  }
}
