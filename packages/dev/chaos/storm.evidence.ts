import { createHash } from 'node:crypto'
import { files } from '@wealist/contract/storage'
import type { Tab } from '../src/testing/live-tabs.ts'
import type { Load } from './storm.load.ts'
import type { Entry, Evidence } from './storm.oracle.ts'
import { type ServiceName, withDatabase } from '@wealist/contract/topology'
import type { Storm } from './storm.world.ts'

interface Logged {
  topic: string
  seq: number
  type: string
  payload: Record<string, string> | null
  actorId: string
}
const log = `select topic, seq::int, type, payload::json as payload, actor_id as "actorId" from kit.events order by topic, seq`

const keyOf = ({ type, payload }: Logged) =>
  type === 'message'
    ? `message ${payload?.['clientId']}`
    : `${type} ${payload?.['id'] ?? ''} ${payload?.['version'] ?? ''}`

/** To whom board's log says news: whoever is given a task, or taken into a project, by somebody else. */
const newsOf = (events: readonly Logged[]) => {
  const assignee = new Map<string, string>()
  return events.flatMap(({ topic, type, payload, actorId }) => {
    if (!payload) return []
    const { id, userId, assigneeId: now } = payload
    if (type === 'member.added')
      return userId === actorId ? [] : [`project_invited ${topic.replace('project:', '')} ${userId}`]
    if (!type.startsWith('task.') || !id || !now || assignee.get(id) === now) return []
    assignee.set(id, now)
    return now === actorId ? [] : [`task_assigned ${id} ${now}`]
  })
}
const notices = `select concat_ws(' ', type, coalesce(data->>'taskId', data->>'projectId'), recipient_id) as one
  from notifications where type in ('task_assigned', 'project_invited')`

/** What each task last was, by the log. */
const lastOf = (events: readonly Logged[]) => {
  const last = new Map<string, string>()
  for (const { type, payload } of events)
    if (payload && type.startsWith('task.'))
      last.set(payload['id']!, ['id', 'version', 'boardId', 'assigneeId'].map((field) => payload[field]).join(' '))
  return [...last.values()]
}
const tasks = `select concat_ws(' ', id, version, board_id, assignee_id) as one from tasks`
// Each writer gives a title once, however often they have to ask: who asks again with the same key makes no second one.
const madeTwice = `select title || ', ' || count(*) || ' times' as one from tasks group by title having count(*) > 1`
const storedTwice = `select name || ', version ' || number as one from versions v join files f on f.id = v.file_id where number > 1`

// What waits for a time to come, and was never tried, is not left over.
const jobs = `select task || ' to be handed over' as one from kit.outbox union all
  select concat_ws(' ', task_identifier, 'after', attempts, 'runs, locked by', coalesce(locked_by, 'nobody') || ':', last_error)
  from graphile_worker.jobs where attempts > 0 or run_at <= now() + interval '5 seconds'`
// ops is a guest in user's.
const owners = withDatabase.filter((name) => name !== 'ops')

const ones = async (storm: Storm, service: ServiceName, statement: string) =>
  (await storm.rows<{ one: string }>(service, statement)).map(({ one }) => one)

/** Jobs that are not done, of all services. */
export const jobsOf = async (storm: Storm) => {
  const left = await Promise.all(
    owners.map(async (name) => (await ones(storm, name, jobs)).map((job) => `${name} ${job}`)),
  )
  return left.flat()
}

// Two services may each have a topic of the same name: a person's.
const live = ['board', 'chat', 'noti'] as const
interface Head {
  topic: string
  head: number
}

const headsOf = async (storm: Storm) => {
  const heads = new Map<string, number>()
  for (const service of live)
    for (const { topic, head } of await storm.rows<Head>(
      service,
      'select topic, head::int from kit.heads where head > 0',
    ))
      heads.set(`${service} ${topic}`, head)
  return heads
}

/** How many live clients have not heard everything yet. */
export const behind = async (storm: Storm, load: Load) => {
  const heads = await headsOf(storm)
  return heardOf(load).filter(({ topic, entries }) => (entries.at(-1)?.seq ?? 0) < (heads.get(topic) ?? 0)).length
}

const heardOf = ({ tabs, streams, clients }: Load): Evidence['heard'] => [
  ...tabs.map((tab, i) => heardBy(`tab ${i}`, 'board', tab)),
  ...streams.map((tab, i) => heardBy(`stream ${i}`, 'noti', tab)),
  ...clients.flatMap(({ heard, state: { resets } }, i) =>
    [...heard].map(([room, entries]) => ({ client: `member ${i}`, topic: `chat room:${room}`, entries, resets })),
  ),
]
const heardBy = (client: string, service: string, { topic, told, resets }: Tab) => {
  const entries = told.map(([seq, type]) => ({ seq, type }))
  return { client, topic: `${service} ${topic}`, entries, resets }
}

// What operators did to people is in the audit log as in any other: by person, in its order.
const audit = `select 'person:' || target as topic, row_number() over (partition by target order by at)::int as seq,
  became #>> '{}' || ' ' || reason as key from ops.audit where action = 'user.status' order by topic, seq`
const standings = `select distinct on (target) target || ' ' || (became #>> '{}') as one from ops.audit
  where action = 'user.status' order by target, at desc`

const read = async (storm: Storm, id: string) => {
  const { downloadUrl } = await storm.ask('storage', storm.people[0]!, files.download, { params: { id }, query: {} })
  const bytes = await (await fetch(downloadUrl)).bytes()
  return `${id} ${createHash('sha256').update(bytes).digest('hex')}`
}

/** Everything but what processes use, when nothing happens any more. */
export const gather = async (storm: Storm, load: Load, left: readonly string[]): Promise<Omit<Evidence, 'back'>> => {
  const told = await Promise.all(live.map((service) => storm.rows<Logged>(service, log)))
  const logs = new Map<string, Entry[]>()
  for (const [i, events] of told.entries())
    for (const event of events) {
      const topic = `${live[i]} ${event.topic}`
      const entries = logs.get(topic) ?? []
      logs.set(topic, entries)
      entries.push({ seq: event.seq, type: event.type, key: keyOf(event) })
    }
  const ends = [...logs].map(([topic, log]) => `${topic} ${log.at(-1)!.seq}`)
  for (const { topic, seq, key } of await storm.rows<{ topic: string; seq: number; key: string }>('user', audit)) {
    const entries = logs.get(`user ${topic}`) ?? []
    logs.set(`user ${topic}`, entries)
    entries.push({ seq, type: 'audit', key })
  }
  const [board, chat] = told
  const stored: string[] = []
  for (const { id } of load.files) stored.push(await read(storm, id))
  const said = chat!.filter(({ type }) => type === 'message').map(({ payload }) => payload!['clientId']!)
  const died = storm.pods.all.filter((pod) => pod.died > 0).map((pod) => pod.service)
  return {
    acknowledged: load.acknowledged(),
    logs,
    heard: heardOf(load),
    equal: [
      { what: 'notifications', expected: newsOf(board!), found: await ones(storm, 'noti', notices) },
      { what: 'tasks', expected: lastOf(board!), found: await ones(storm, 'board', tasks) },
      { what: 'tasks made twice', expected: [], found: await ones(storm, 'board', madeTwice) },
      { what: 'files stored twice', expected: [], found: await ones(storm, 'storage', storedTwice) },
      { what: 'heads', expected: [...(await headsOf(storm))].map((head) => head.join(' ')), found: ends },
      { what: 'messages', expected: said, found: await ones(storm, 'chat', 'select client_id as one from messages') },
      { what: 'files', expected: load.files.map(({ id, sha256 }) => `${id} ${sha256}`), found: stored },
      { what: 'standings', expected: await ones(storm, 'user', standings), found: await load.signing.standings() },
      { what: 'sessions', expected: [], found: await load.signing.found() },
      { what: 'jobs', expected: [], found: left },
      { what: 'secrets in logs', expected: [], found: storm.secrets.leaks() },
      { what: 'processes that ended by themselves', expected: [], found: died },
    ],
  }
}
