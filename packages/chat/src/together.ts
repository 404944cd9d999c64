import type { Base } from '@wealist/kit/context'
import { openBatch } from '@wealist/kit/live/batch'
import type { Tx } from '@wealist/kit/tx'
import * as messages from './messages.sql.ts'
import * as notices from './notices.ts'

/** Milliseconds that all of them wait for one room. */
const hurry = 100
const most = 64
/** In which those whose last words were just stored say the next ones: then they go together, and not in turns. */
const linger = 1

/**
 * What people say at the same time, in whichever rooms, is stored in one transaction: those of a moment wait while those
 * of the moment before are stored, so the more is said the less each costs. Gives the seq, or undefined for what has to
 * be said by itself: by somebody who may not, a second time, or where a room or the database kept all of them waiting.
 */
export const openTogether = ({ db, log }: Pick<Base, 'db' | 'log'>) => {
  const store = async (all: readonly messages.Plain[]) => {
    const saying = (tx: Tx) => {
      for (const room of new Set(all.map(({ roomId }) => roomId))) notices.said(tx, room)
      return tx.appendAll({ type: 'message', asked: messages.asked(all), rows: messages.insertAll })
    }
    const stored = await db.tx(saying, { hurry })
    return new Map(stored.map(({ subject, seq }) => [subject, seq]))
  }
  return openBatch<messages.Plain, number | undefined>({
    identity: ({ id }) => id,
    size: most,
    lanes: 1,
    linger,
    run: async (all) => {
      const seqs = await store(all).catch((err: unknown) => {
        log.warn({ err, messages: all.length }, 'messages were not stored together, and are each by itself')
        return undefined
      })
      return all.map(({ id }) => seqs?.get(id))
    },
  })
}
