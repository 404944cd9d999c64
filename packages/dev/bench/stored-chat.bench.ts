import { bench } from './bench.ts'
import type { Figures } from './compare.ts'
import { openLab } from './lab.ts'
import { run } from './load.ts'
import { headersOf } from './people.ts'
import { pgbench } from './pgbench.ts'
import { seedRooms, seedWorkspace, settle } from './seeded.ts'
import type { StoredChat } from './stored-chat-load.ts'

const perRoom = 10

/** The transaction of a message: the head of its room, the row, the event. */
const script = (room: string, sender: string) => `begin;
select r.id from rooms r join participants p on p.room_id = r.id and p.user_id = '${sender}' where r.id = '${room}' for key share of p;
with h as (insert into kit.heads as heads (topic, head) values ('room' || ':' || '${room}', 1) on conflict (topic) do update set head = heads.head + 1 returning head),
m as (insert into messages (id, room_id, seq, client_id, sender_id, sender_name, type, content) select gen_random_uuid(), '${room}', head, gen_random_uuid(), '${sender}', 'Somebody', 'text', 'at 1234567890123456 and something that somebody says' from h returning *)
insert into kit.events (topic, seq, type, payload, actor_id) select 'room' || ':' || '${room}', m.seq, 'message', to_json(m)::text, '${sender}' from m;
commit;`

export default bench({
  name: 'stored-chat',
  title: 'A message stored and heard by everybody in its room: two processes, 30 rooms of 10',
  run: async (measure, { seconds }) => {
    const lab = await openLab()
    const { workspaceId, members } = await seedWorkspace(lab, perRoom)
    const rooms = await seedRooms(lab, { workspaceId, members, rooms: 30, messages: 20 })
    const others = await seedRooms(lab, { workspaceId, members, rooms: 30, messages: 20 })
    await settle(lab.databases.chat)
    const pods = await Promise.all([1, 2].map(() => lab.service('chat', { LOG_LEVEL: 'warn' })))
    const round = (atOnce: number) => async (): Promise<Figures> => {
      const load: StoredChat = {
        ...{ atOnce, seconds },
        sockets: rooms.flatMap((room) =>
          members.map((person, i) => ({
            ...{ room, headers: headersOf(person) },
            url: `${pods[i % pods.length]!.url.replace('http', 'ws')}/api/chats/ws/${room}`,
          })),
        ),
      }
      const { heard, ...figures } = await run<Figures & { heard: number }>('stored-chat-load.ts', load)
      // What was under way when the counting began or ended is heard, and not counted as stored.
      const edge = (2 * atOnce * perRoom) / (figures['requests']! * seconds)
      if (Math.abs(heard - perRoom) > edge) throw new Error(`a message was heard ${heard} times`)
      return { ...figures, spread: figures['p99']! / figures['p50']! }
    }
    const ours = (atOnce: number) => `weAlist, ${atOnce} at once`
    const all = [8, 32]
    await measure({
      title: 'messages stored, each heard by ten',
      figures: { requests: 'stored a second', p50: 'ms until heard', p99: 'ms until heard', spread: 'p99 over p50' },
      contestants: [
        ...all.map((atOnce) => ({ name: ours(atOnce), kind: 'ours' as const, round: round(atOnce) })),
        ...pgbench(lab, {
          ...{ database: 'chat' as const, seconds, clients: 20 },
          script: others.map((room) => script(room, members[0]!.id)),
        }),
        { name: 'the goal', kind: 'limit', round: async () => ({ spread: 5 }) },
      ],
      goals: all.flatMap((atOnce) => [
        { figure: 'requests', of: ours(atOnce), over: 'pgbench', least: 0.5 },
        { figure: 'spread', of: ours(atOnce), over: 'the goal', most: 1 },
      ]),
    })
    await lab.stop()
  },
})
