import { channelOf, encode, passing } from '@wealist/kit/live/frame'
import { Redis } from 'ioredis'
import { bench } from './bench.ts'
import { fanOut, fanOutFigures, type FanOut } from './fan-out.ts'
import { openLab, type Started } from './lab.ts'
import { headersOf, newPerson } from './people.ts'

const people = 500
const each = 10

export default bench({
  name: 'stream-fan-out',
  title: 'Notifications on 5,000 open streams of one process: 500 people with 10 each',
  run: async (measure, { seconds }) => {
    const lab = await openLab()
    const redis = new Redis(lab.redis)
    lab.keep({ stop: async () => redis.disconnect() })
    const everybody = new Map(Array.from({ length: people }, newPerson).map((person) => [person.id, person]))
    const byTopic = (name: string, kind: FanOut['kind'], server: Started): FanOut => ({
      ...{ name, kind, servers: [server] },
      client: ({ url }, topic) => ({ kind: 'stream', url: `${url}/?topic=${kind}-${topic}` }),
      say: (topic, text) => redis.publish(`${kind}-${topic}`, text),
    })
    const all: FanOut[] = [
      {
        name: 'weAlist',
        kind: 'ours',
        servers: [await lab.service('noti')],
        client: ({ url }, topic) => ({
          kind: 'stream',
          url: `${url}/api/notifications/stream`,
          headers: headersOf(everybody.get(topic)!),
        }),
        say: (topic, text) => {
          const frame = passing(`user:${topic}`, 'said', JSON.parse(text) as object)
          return redis.publish(`wealist:${channelOf('noti', frame.topic)}`, encode(frame))
        },
      },
      byTopic('better-sse', 'peer', await lab.peer('better-sse')),
      byTopic('a ready buffer written', 'limit', await lab.peer('sse-write')),
    ]
    const made = all.map((one) => fanOut({ topics: [...everybody.keys()], each, rate: 500, seconds }, one))
    await measure({
      title: '500 notifications a second, each to 10 streams',
      figures: fanOutFigures,
      contestants: made,
      goals: [
        { figure: 'throughput', of: 'weAlist', over: 'a ready buffer written', least: 0.8 },
        { figure: 'capacity', of: 'weAlist', over: 'a ready buffer written', least: 0.8 },
      ],
    })
    for (const one of made) await one.stop()
    await lab.stop()
  },
})
