import { type Queryable, sql } from '../sql.ts'
import type { LogEvent } from '../tx.ts'
import { type Frame, frameOf } from './frame.ts'

export interface Head {
  head: number
  epoch: string
}

/** From where any seq of a durable topic can be read again. */
export interface Log {
  /** The heads of those topics that have one, in one query. */
  heads(topics: readonly string[]): Promise<Map<string, Head>>
  /** At most `limit` events above `after`, in order. */
  read(topic: string, after: number, limit: number): Promise<Frame[]>
}

/** The log in kit's tables. */
export const openLogOf = (db: Pick<Queryable, 'rows'>): Log => ({
  heads: async (topics) => {
    const rows = await db.rows<Head & { topic: string }>(
      sql`select topic, head, epoch from kit.heads where topic = any(${topics})`,
    )
    return new Map(rows.map(({ topic, head, epoch }) => [topic, { head, epoch }]))
  },
  read: async (topic, after, limit) => {
    const rows = await db.rows<LogEvent>(sql`
      select topic, seq, type, payload, actor_id as "actorId", to_json(at)#>>'{}' as timestamp
      from kit.events where topic = ${topic} and seq > ${after} order by seq limit ${limit}`)
    return rows.map(frameOf)
  },
})
