import type { Message } from '@wealist/contract/chat/messages'
import type { PageRequest } from '@wealist/kit/page'
import { contains, empty, raw, type Queryable, type Sql, sql } from '@wealist/kit/sql'
import { type Scope, scopeOf } from './access.sql.ts'

/** A message as answers and events show it, from `messages m`. */
export const columns = sql`m.id, m.room_id as "chatId", m.seq, m.client_id as "clientId", m.sender_id as "senderId",
  m.sender_name as "senderName", m.type, m.content, m.attachments, m.mentions,
  case when m.reply_to is null then null else json_build_object('id', m.reply_to, 'seq', m.reply_seq) end as "replyTo",
  m.reactions, m.version, m.created_at as "createdAt", m.edited_at as "editedAt", m.deleted_at as "deletedAt"`

export interface Window {
  before?: number | undefined
  after?: number | undefined
  around?: number | undefined
}

const part = ({
  roomId,
  where,
  descending,
  limit,
}: {
  roomId: string
  where: Sql
  descending: boolean
  limit: number | Sql
}) =>
  sql`(select ${columns} from messages m where m.room_id = ${roomId} ${where} order by m.seq ${raw(descending ? 'desc' : 'asc')} limit ${limit})`

/** A page of a room: down from the end or from `before`, up from `after`, or half a page on either side of `around`. */
export const list = (
  db: Queryable,
  { roomId, userId, page, window }: { roomId: string; userId: string; page: PageRequest; window: Window },
) => {
  const last = page.after?.[0]
  const half = Math.ceil(page.limit / 2)
  const { before, after, around } = window
  const up = after !== undefined
  const items =
    around === undefined
      ? part({
          roomId,
          where: up
            ? sql`and m.seq > ${last ?? after}::bigint`
            : last !== undefined || before !== undefined
              ? sql`and m.seq < ${last ?? before}::bigint`
              : empty,
          descending: !up,
          limit: page.rows,
        })
      : sql`select * from (${part({ roomId, where: sql`and m.seq <= ${around}`, descending: true, limit: half })}
          union all ${part({ roomId, where: sql`and m.seq > ${around}`, descending: false, limit: page.limit - half })}) w order by seq desc`
  return db.livePage<Scope, Message>(page, {
    scope: scopeOf({ via: 'room', id: roomId, userId }),
    topic: sql`'room:' || scope.id`,
    items,
    keys: ['seq'],
  })
}

/** What is said and names nothing else. */
export interface Plain {
  id: string
  roomId: string
  clientId: string
  senderId: string | null
  senderName: string
  type: Message['type']
  content: string
}

export interface NewRow extends Plain {
  attachments: readonly object[]
  mentions: readonly string[]
  reply: { id: string; seq: number } | undefined
}

/** For `tx.append`, which knows the seq. */
export const insert = (m: NewRow) => (seq: Sql) =>
  sql`insert into messages as m (id, room_id, seq, client_id, sender_id, sender_name, type, content, attachments, mentions, reply_to, reply_seq)
    values (${m.id}, ${m.roomId}, ${seq}, ${m.clientId}, ${m.senderId}, ${m.senderName}, ${m.type}, ${m.content},
      ${JSON.stringify(m.attachments)}::jsonb, ${m.mentions}::uuid[], ${m.reply?.id ?? null}, ${m.reply?.seq ?? null}) returning ${columns}`

/**
 * What was said in several rooms, where its sender is in the room and has not said it before. For `tx.appendAll`. Each is
 * looked up by itself: a plan made while the tables were small would go through all of them.
 */
export const asked = (all: readonly Plain[]) =>
  sql`select 'room:' || t."roomId" as topic, t.id as subject, t."senderId" as actor_id, t.*
    from (
      select * from json_to_recordset(${JSON.stringify(all)}) as t(id uuid, "roomId" uuid, "clientId" uuid, "senderId" uuid, "senderName" text, type text, content text)
      order by "roomId", "senderId"
    ) t
    cross join lateral (select from participants where room_id = t."roomId" and user_id = t."senderId" for key share) p
    cross join lateral (select from rooms where id = t."roomId" and deleted_at is null limit 1) r
    left join lateral (
      select true as said from messages where room_id = t."roomId" and client_id = t."clientId" and sender_id = t."senderId" limit 1
    ) m on true
    where m.said is null`

export const insertAll = (placed: Sql) =>
  sql`insert into messages as m (id, room_id, seq, client_id, sender_id, sender_name, type, content)
    select id, "roomId", seq, "clientId", "senderId", "senderName", type, content from ${placed} returning ${columns}`

/** What a sender said under a clientId. */
export const byClient = (
  db: Queryable,
  { roomId, senderId, clientId }: { roomId: string; senderId: string; clientId: string },
) =>
  db.json<Message>(sql`select ${columns} from messages m
    where m.room_id = ${roomId} and m.client_id = ${clientId} and m.sender_id = ${senderId}`)

export const placeOf = (tx: Queryable, { roomId, id }: { roomId: string; id: string }) =>
  tx.row<{ id: string; seq: number }>(sql`select id, seq from messages where room_id = ${roomId} and id = ${id}`)

/** Keeps a message from being changed by others until the transaction ends. */
export const lock = (tx: Queryable, id: string) =>
  tx.row<
    Pick<Message, 'senderId' | 'type' | 'version' | 'reactions' | 'attachments' | 'mentions'> & { deleted: boolean }
  >(
    sql`select sender_id as "senderId", type, version, reactions, attachments, mentions, deleted_at is not null as deleted
      from messages where id = ${id} for no key update`,
  )

export const edit = (
  tx: Queryable,
  { id, content, mentions }: { id: string; content: string; mentions: readonly string[] },
) =>
  tx.json<Message>(sql`update messages m set content = ${content}, mentions = ${mentions}::uuid[], version = version + 1, edited_at = now()
    where id = ${id} returning ${columns}`)

export const blank = (tx: Queryable, id: string) =>
  tx.json<Message>(sql`update messages m set content = '', attachments = '[]', mentions = '{}', reactions = '[]',
      version = version + 1, deleted_at = now() where id = ${id} returning ${columns}`)

export const setReactions = (tx: Queryable, { id, reactions }: { id: string; reactions: Message['reactions'] }) =>
  tx.json<Message>(
    sql`update messages m set reactions = ${JSON.stringify(reactions)}::jsonb where id = ${id} returning ${columns}`,
  )

export const get = (db: Queryable, { id, userId }: { id: string; userId: string }) =>
  db.scoped<Scope, Message>({
    scope: scopeOf({ via: 'message', id, userId }),
    item: sql`select ${columns} from messages m where m.id = ${id}`,
  })

/** Messages that contain `text` as it is written, in the rooms somebody is in. */
export const search = (
  db: Queryable,
  {
    workspaceId,
    userId,
    text,
    roomId,
    page,
  }: { workspaceId: string; userId: string; text: string; roomId: string | undefined; page: PageRequest },
) =>
  db.page<Message>(page, {
    items: sql`select ${columns} from messages m
      where m.room_id = any(array(select p.room_id from participants p join rooms r on r.id = p.room_id and r.deleted_at is null
          where p.user_id = ${userId} and p.workspace_id = ${workspaceId} ${roomId === undefined ? empty : sql`and p.room_id = ${roomId}`}))
        and ${contains('m.content', text)} and m.deleted_at is null and m.type <> 'system'
        ${page.after ? sql`and (m.created_at, m.id) < (${page.after[0]}::timestamptz, ${page.after[1]}::uuid)` : empty}
      order by m.created_at desc, m.id desc limit ${page.rows}`,
    keys: ['createdAt', 'id'],
    slow: true,
  })
