import type { Base } from '@wealist/kit/context'
import { codeOf } from '@wealist/kit/errors'
import { openBatch } from '@wealist/kit/live/batch'
import { sqlState } from '@wealist/kit/sql-errors'
import * as messages from './messages.sql.ts'
import * as notices from './notices.ts'

/** Milliseconds in which those whose last words were just stored say the next ones: then they go together, not in turns. */
const linger = 1
/** Milliseconds that all of them wait for what one needs; and after that each goes by itself for so long. */
const hurry = 100
const apart = 1000
const bounds = { waiting: 1000, patience: 10_000 }

export interface Stored {
  id: string
  seq: number
}

/**
 * What people say at the same time, in whichever rooms, is stored in one transaction: those of a moment wait while those
 * of the moment before are stored, so the more is said the less each costs. Gives what is stored, or undefined for what
 * has to be said by itself: by somebody who may not, a second time, or after somebody held a room for long, which would
 * keep all others waiting.
 */
export const openTogether = ({ db, log }: Pick<Base, 'db' | 'log'>) => {
  const store = async (all: readonly messages.Plain[]) => {
    const asked = messages.asked(all)
    const what = { type: 'message', asked, rows: messages.insertAll, jobs: notices.saidIn }
    const stored = await db.tx((tx) => tx.appendAll(what), { hurry })
    return new Map(stored.map(({ subject, seq }) => [subject, { id: subject, seq }]))
  }
  let apartUntil = 0
  const together = openBatch<messages.Plain, Stored | undefined>({
    identity: ({ roomId, senderId, clientId }) => `${roomId} ${senderId} ${clientId}`,
    size: 64,
    lanes: 1,
    linger,
    bounds,
    run: async (all) => {
      const stored = await store(all).catch((err: unknown) => {
        if (wasInTheWay(err)) apartUntil = performance.now() + apart
        else if (codeOf(err) === 'UNAVAILABLE') throw err
        log.warn({ err, messages: all.length }, 'messages cannot be stored together, and are each by itself')
        return undefined
      })
      return all.map(({ id }) => stored?.get(id))
    },
  })
  return async (message: messages.Plain) => (performance.now() < apartUntil ? undefined : together(message))
}

// A lock that was held for too long, or a deadlock.
const wasInTheWay = (error: unknown) => ['55P03', '40P01'].includes(sqlState((error as Error).cause) ?? '')
