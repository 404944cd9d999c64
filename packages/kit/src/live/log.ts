import { type Queryable, raw, sql } from '../sql.ts'
import type { LogEvent } from '../tx.ts'
import { openBatch } from './batch.ts'
import { type Frame, frameOf } from './frame.ts'

/** Where a topic stands. A topic without an event yet is at 0, of no epoch. */
export interface Head {
  head: number
  epoch: string
}
export interface Position extends Head {
  topic: string
}

/** From where any seq of a durable topic can be read again. Reads see everything that was committed before they began. */
export interface Log {
  head(topic: string): Promise<Head>
  /** At most `page` events above `after`, in order. */
  read(topic: string, after: number): Promise<Frame[]>
  /** Where those topics stand that are not where the caller believes, in one question. */
  moved(believed: readonly Position[]): Promise<Position[]>
}

/** Most events of one read. */
export const page = 100

const columns = raw(`topic, seq, type, payload, actor_id as "actorId", to_json(at)#>>'{}' as timestamp`)

/**
 * The log in kit's tables. Reads wait for each other in two lanes, and what waits is read in one statement: a thousand
 * clients that come back at once ask as often as two.
 */
export const openLogOf = (db: Pick<Queryable, 'rows'>): Log => {
  const head = openBatch<string, Head>({
    identity: (topic) => topic,
    size: 1000,
    lanes: 1,
    run: async (topics) => {
      const rows = await db.rows<Position>(sql`select topic, head, epoch from kit.heads where topic = any(${topics})`)
      const known = new Map(rows.map((row) => [row.topic, row]))
      return topics.map((topic) => known.get(topic) ?? { head: 0, epoch: '' })
    },
  })
  const read = openBatch<{ topic: string; after: number }, Frame[]>({
    identity: ({ topic, after }) => `${after} ${topic}`,
    size: 20,
    lanes: 2,
    run: async (wanted) => {
      const rows = await db.rows<LogEvent & { nth: number }>(sql`
        select q.nth, e.* from unnest(${wanted.map((w) => w.topic)}::text[], ${wanted.map((w) => w.after)}::bigint[]) with ordinality as q(topic, after, nth)
        cross join lateral (
          select ${columns} from kit.events where topic = q.topic and seq > q.after order by seq limit ${page}
        ) e order by q.nth, e.seq`)
      const pages: Frame[][] = wanted.map(() => [])
      for (const row of rows) pages[row.nth - 1]!.push(frameOf(row))
      return pages
    },
  })
  return {
    head,
    read: (topic, after) => read({ topic, after }),
    moved: async (believed) => {
      const moved: Position[] = []
      for (let i = 0; i < believed.length; i += 1000) {
        const some = believed.slice(i, i + 1000)
        moved.push(
          ...(await db.rows<Position>(sql`
            select b.topic, coalesce(h.head, 0) as head, coalesce(h.epoch::text, '') as epoch
            from unnest(${some.map((b) => b.topic)}::text[], ${some.map((b) => b.head)}::bigint[], ${some.map((b) => b.epoch)}::text[]) as b(topic, head, epoch)
            left join kit.heads h using (topic)
            where coalesce(h.head, 0) <> b.head or coalesce(h.epoch::text, '') <> b.epoch`)),
        )
      }
      return moved
    },
  }
}

/**
 * A page of a topic's log for who reads instead of listening: at most `limit` events above `after`, dense, and `seq`, the
 * head of the same moment. `reset` where the log does not hold what comes after `after`: read the state anew.
 */
export const readAfter = async (
  db: Pick<Queryable, 'rows'>,
  { topic, after, limit }: { topic: string; after: number; limit: number },
): Promise<{ frames: Frame[]; seq: number; reset: boolean }> => {
  const rows = await db.rows<Partial<LogEvent> & { head: number }>(sql`
    select coalesce(h.head, 0) as head, e.* from (values (1)) one left join kit.heads h on h.topic = ${topic}
    left join lateral (
      select ${columns} from kit.events where topic = ${topic} and seq > ${after} order by seq limit ${limit}
    ) e on true order by e.seq`)
  const seq = rows[0]?.head ?? 0
  const frames = rows.filter((row): row is LogEvent & { head: number } => row.seq != null).map(frameOf)
  const isDense = frames.every((frame, i) => frame.seq === after + 1 + i) && (frames.length > 0 || after === seq)
  return { frames: isDense ? frames : [], seq, reset: !isDense }
}
