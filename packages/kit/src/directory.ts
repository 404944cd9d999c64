import { internal } from '@wealist/contract/user'
import type * as z from 'zod'
import { every } from './beat.ts'
import type { Bus } from './bus.ts'
import type { Db } from './db.ts'
import type { Log } from './log.ts'
import { channelOf } from './live/frame.ts'
import type { Call } from './peer.ts'
import { sql } from './sql.ts'
import type { Tx } from './tx.ts'

export type DirectoryEvent = z.infer<typeof internal.DirectoryEvent>

export interface Following {
  /** Pulls now, and once more when a pull is under way. */
  nudge(): void
  /** Applies all that is new and gives how many events that were. Throws what `apply` or user-service threw. */
  pullOnce(): Promise<number>
  stop(): Promise<void>
}

/**
 * Follows user-service's log of people and workspaces: each event once, in order, none left out. The cursor moves in
 * the transaction that applies the event, so several processes may follow at once. An event that cannot be applied
 * holds those behind it until it can be. Pulled on a nudge and every `intervalMs` (0: only by `pullOnce`, on Lambda).
 */
export const followDirectory = ({
  db,
  call,
  apply,
  log,
  bus,
  intervalMs = 15_000,
}: {
  db: Db
  call: Call
  apply(tx: Tx, event: DirectoryEvent): Promise<void>
  log: Log
  bus: Pick<Bus, 'subscribe'>
  intervalMs?: number
}): Following => {
  const state = { stopped: false }
  let again = false
  let pulling: Promise<void> | undefined

  const pullOnce = async () => {
    let applied = 0
    while (!state.stopped) {
      const after = await cursor(db)
      const { items, head } = await call('user', internal.directory, { query: { after, limit: 200 } })
      if (head < after) throw new Error(`the directory ends at ${head}, before ${after}, which was applied here`)
      for (const [i, event] of items.entries()) {
        if (event.seq !== after + 1 + i) throw new Error(`the directory has no ${after + 1 + i} after ${after}`)
        if (state.stopped) return applied
        if (await step(db, event, apply)) applied++
      }
      if (items.length === 0 || items.at(-1)!.seq >= head) return applied
    }
    return applied
  }

  const nudge = () => {
    again = true
    pulling ??= (async () => {
      try {
        while (again && !state.stopped) {
          again = false
          await pullOnce()
        }
      } catch (error) {
        log.warn({ err: error }, 'the directory could not be followed; it is tried again')
      } finally {
        pulling = undefined
      }
    })()
  }

  const unsubscribe = intervalMs > 0 ? bus.subscribe(channelOf('user', 'directory'), nudge) : undefined
  const rest = intervalMs > 0 ? every(intervalMs, nudge) : undefined
  if (rest) nudge()
  return {
    nudge,
    pullOnce,
    stop: async () => {
      state.stopped = true
      unsubscribe?.()
      rest?.()
      await pulling
    },
  }
}

const cursor = async (db: Db) =>
  (await db.row<{ seq: number }>(sql`select seq from kit.cursors where log = 'directory'`))?.seq ?? 0

// False where another process has applied it meanwhile: the row's lock makes the second one wait and see.
const step = (db: Db, event: DirectoryEvent, apply: (tx: Tx, event: DirectoryEvent) => Promise<void>) =>
  db.tx(async (tx) => {
    const moved = await tx.run(sql`insert into kit.cursors as cursors (log, seq)
      select 'directory', ${event.seq}::bigint where ${event.seq} = 1 or exists (select from kit.cursors where log = 'directory')
      on conflict (log) do update set seq = excluded.seq where cursors.seq = excluded.seq - 1`)
    if (moved === 0) return false
    await apply(tx, event)
    return true
  })
