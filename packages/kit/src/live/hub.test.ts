import { beforeEach, expect, test } from 'vitest'
import type { CloseCode } from './close-codes.ts'
import type { Frame } from './frame.ts'
import { type Hub, openHub } from './hub.ts'
import type { Listener, View } from './listener.ts'
import type { Head, Log, Position } from './log.ts'
import { chanceOf, type VirtualTime, virtualTime } from './simulation.time.ts'
import type { Subscription } from './topic.ts'

// The hub over a log, a bus and a clock that the test holds in its hand.
let time: VirtualTime
let hub: Hub
let stored: Frame[]
let epoch: string
let reads: number[]
let polls: number
let failing: boolean
// While set, reads of pages wait for it.
let gate: Promise<void> | undefined
let counted: Record<string, number>
let channels: Map<string, Set<(message: string) => void>>
let back: () => void

const topic = 'project:1'
const standing = (): Head => (stored.length === 0 ? { head: 0, epoch: '' } : { head: stored.at(-1)!.seq, epoch })
// What is answered is of the moment of the question.
const answer = async <T>(found: T): Promise<T> => {
  await time.sleep(1)
  if (failing) throw new Error('away')
  return found
}
const log: Log = {
  head: () => answer(standing()),
  read: async (_, after) => {
    reads.push(after)
    const found = await answer(stored.filter((f) => f.seq > after).slice(0, 100))
    await gate
    return found
  },
  moved: (believed) => {
    polls++
    return answer(
      believed
        .map((b): Position => ({ topic: b.topic, ...standing() }))
        .filter((now, i) => now.head !== believed[i]!.head || now.epoch !== believed[i]!.epoch),
    )
  },
}

beforeEach(() => {
  time = virtualTime(chanceOf(1).random)
  stored = []
  epoch = 'one'
  reads = []
  polls = 0
  failing = false
  gate = undefined
  counted = {}
  channels = new Map()
  const count = (what: string) => () => void (counted[what] = (counted[what] ?? 0) + 1)
  hub = openHub({
    service: 'chat',
    log,
    timing: time,
    warn: () => undefined,
    counts: {
      delivered: () => undefined,
      gap: count('gap'),
      filled: count('filled'),
      broken: count('broken'),
      reset: count('reset'),
      slow: count('slow'),
    },
    bus: {
      subscribe: (channel, listener) => {
        const all = channels.get(channel) ?? new Set()
        channels.set(channel, all.add(listener))
        return () => void all.delete(listener)
      },
      onReturn: (listener) => {
        back = listener
        return () => undefined
      },
    },
  })
})

const frameAt = (seq: number, type = 'changed', payload: object = {}): Frame => ({
  topic,
  seq,
  type,
  text: JSON.stringify({ type, seq, payload }),
})
// A commit, and what the bus makes of it.
const commit = (n = 1, { said = true, type = 'changed', payload = {} as object } = {}) => {
  for (let i = 0; i < n; i++) {
    const frame = frameAt((stored.at(-1)?.seq ?? 0) + 1, type, payload)
    stored.push(frame)
    if (said) hub.offer({ ...frame })
  }
}

interface Client extends Listener {
  s: Subscription
  got: string[]
  seqs(): number[]
  closed: CloseCode | undefined
  held: number
  left: number
  rechecked: number
  deciding: Promise<void>
}
const plain: View = {}
let people = 0
const listen = async ({
  after,
  view = plain,
  id = `person-${people++}`,
}: { after?: number | undefined; view?: View; id?: string } = {}) => {
  const client = open({ view, id })
  void hub.resume(client.s, { after })
  await time.run(50)
  return client
}
const open = ({ view = plain, id = `person-${people++}` }: { view?: View; id?: string } = {}): Client => {
  const client = {
    person: { id, sid: id, jti: id },
    workspaces: [],
    got: [] as string[],
    closed: undefined as CloseCode | undefined,
    held: 0,
    left: 0,
    rechecked: 0,
    deciding: Promise.resolve(),
    deliver: ({ text }: { text: string }) => void client.got.push(text),
    unsent: () => client.held,
    taken: () => client.left,
    close: (code: CloseCode) => {
      client.closed ??= code
      hub.remove(client)
    },
    recheck: () => void client.rechecked++,
    decided: () => client.deciding,
    tick: () => Infinity,
    seqs: () => client.got.map((text) => JSON.parse(text) as { seq?: number }).flatMap(({ seq }) => seq ?? []),
    s: undefined as never as Subscription,
  }
  hub.add(client)
  client.s = hub.join(topic, client, view)
  return client
}
const types = (client: Client) => client.got.map((text) => (JSON.parse(text) as { type: string }).type)
const last = (client: Client) =>
  JSON.parse(client.got.at(-1)!) as { type: string; payload: { seq: number; epoch?: string } }
const upTo = (n: number, from = 1) => Array.from({ length: n - from + 1 }, (_, i) => from + i)

test('without `after` a listener is live from the head on, and `ready` says where', async () => {
  commit(3, { said: false })
  const client = await listen()
  expect(last(client)).toEqual({ type: 'ready', payload: { seq: 3, epoch: 'one' } })
  commit(2)
  expect(client.seqs()).toEqual([4, 5])
})

test('with `after` it is sent every page after it, then `ready`, then what is new', async () => {
  commit(350, { said: false })
  const client = await listen({ after: 20 })
  expect(client.seqs()).toEqual(upTo(350, 21))
  expect(types(client).indexOf('ready')).toBe(330)
  commit(1)
  expect(client.seqs().at(-1)).toBe(351)
})

test('what is committed while it catches up comes once and in order', async () => {
  commit(150, { said: false })
  const client = open()
  void hub.resume(client.s, { after: 0 })
  for (let i = 0; i < 60; i++) {
    commit(i % 3)
    await time.run(0.3)
  }
  await time.run(100)
  expect(client.seqs()).toEqual(upTo(stored.length))
})

test('what the bus brings while the head is read is held and handed out after it', async () => {
  commit(5, { said: false })
  const client = open()
  void hub.resume(client.s, {})
  await time.run(0.5)
  commit(2)
  await time.run(50)
  expect(last(client)).toMatchObject({ type: 'ready', payload: { seq: 7 } })
  const other = open()
  void hub.resume(other.s, { after: 4 })
  commit(1)
  await time.run(50)
  expect(other.seqs()).toEqual([5, 6, 7, 8])
  expect(reads.length).toBeGreaterThan(0)
})

test('doubled and late frames are dropped', async () => {
  const client = await listen()
  commit(3)
  for (const frame of stored) hub.offer({ ...frame })
  hub.offer(frameAt(1))
  expect(client.seqs()).toEqual([1, 2, 3])
})

test('frames that change places are put in order without a look at the log', async () => {
  const client = await listen()
  for (const seq of [3, 1, 4, 2]) hub.offer(frameAt(seq))
  expect(client.seqs()).toEqual([1, 2, 3, 4])
  await time.run(500)
  expect(reads).toEqual([])
})

test('a hole waits 100 ms, then one read fills it for all', async () => {
  const clients = [await listen(), await listen(), await listen()]
  commit(1, { said: false })
  commit(2)
  await time.run(95)
  expect(clients.map((c) => c.seqs())).toEqual([[], [], []])
  await time.run(20)
  for (const client of clients) expect(client.seqs()).toEqual([1, 2, 3])
  expect(reads).toEqual([0])
  expect(counted).toMatchObject({ gap: 1, filled: 1 })
})

test('an early flood is dropped past its bounds and comes from the log', async () => {
  const client = await listen()
  commit(1, { said: false })
  commit(400)
  await time.run(200)
  expect(client.seqs()).toEqual(upTo(401))
})

test('what nobody published is found by the poll within a second or two', async () => {
  const client = await listen()
  commit(3, { said: false })
  await time.run(1100)
  expect(client.seqs()).toEqual([1, 2, 3])
})

test('after the bus was away the log is looked at within a second', async () => {
  const client = await listen()
  const begun = polls
  while (polls === begun) await time.run(1)
  await time.run(5)
  commit(1, { said: false })
  const before = polls
  back()
  await time.run(990)
  expect(polls).toBe(before + 1)
  expect(client.seqs()).toEqual([1])
})

test('while the log is away live events still flow, and what is missing comes when it is back', async () => {
  const client = await listen()
  failing = true
  commit(1)
  commit(1, { said: false })
  commit(1)
  await time.run(3000)
  expect(client.seqs()).toEqual([1])
  failing = false
  await time.run(1200)
  expect(client.seqs()).toEqual([1, 2, 3])
})

test('a listener that joins while the log is away is served when it is back', async () => {
  failing = true
  commit(2, { said: false })
  const client = open()
  void hub.resume(client.s, { after: 0 })
  await time.run(5000)
  expect(client.got).toEqual([])
  failing = false
  await time.run(4000)
  expect(client.seqs()).toEqual([1, 2])
})

test('another resume ends the one before: nothing of the older one is sent any more', async () => {
  commit(300, { said: false })
  const client = open()
  await time.run(10)
  const { promise, resolve } = Promise.withResolvers<void>()
  gate = promise
  void hub.resume(client.s, { after: 10 })
  await time.run(10)
  gate = undefined
  void hub.resume(client.s, { after: 250 })
  await time.run(10)
  resolve()
  await time.run(50)
  expect(client.seqs()).toEqual(upTo(300, 251))
  expect(types(client).filter((t) => t === 'ready')).toHaveLength(1)
})

test('leaving while catching up ends it', async () => {
  commit(300, { said: false })
  const client = open()
  await time.run(10)
  const { promise, resolve } = Promise.withResolvers<void>()
  gate = promise
  void hub.resume(client.s, { after: 0 })
  await time.run(10)
  hub.leave(client.s)
  resolve()
  await time.run(50)
  expect(client.got).toEqual([])
})

test('a listener that catches up waits with the next frames until it has read: no queue of its own', async () => {
  commit(300, { said: false })
  const client = open()
  await time.run(10)
  client.held = 70_000
  void hub.resume(client.s, { after: 0 })
  await time.run(1000)
  expect(client.seqs()).toEqual([])
  client.held = 0
  await time.run(100)
  expect(client.seqs()).toHaveLength(300)
})

test('who comes back soon is served from memory, who comes back later from the log', async () => {
  await listen()
  commit(50)
  const before = reads.length
  expect((await listen({ after: 30 })).seqs()).toEqual(upTo(50, 31))
  expect(reads).toHaveLength(before)
  await time.run(62_000)
  expect((await listen({ after: 30 })).seqs()).toEqual(upTo(50, 31))
  expect(reads.length).toBeGreaterThan(before)
})

test('memory holds 256 frames: beyond them the log is read', async () => {
  await listen()
  commit(300)
  const before = reads.length
  expect((await listen({ after: 40 })).seqs()).toEqual(upTo(300, 41))
  expect(reads.length).toBeGreaterThan(before)
})

test('a listener with more than 1 MB unsent is closed with 4408, the others go on', async () => {
  const [slow, fast] = [await listen(), await listen()]
  slow.held = 1024 * 1024 + 1
  commit(2)
  expect(slow.closed).toBe(4408)
  expect(slow.seqs()).toEqual([])
  expect(fast.seqs()).toEqual([1, 2])
})

test('one that takes nothing for 5 s is closed with 4408; one that takes little is not', async () => {
  const [stuck, slow] = [await listen(), await listen()]
  stuck.held = slow.held = 5000
  for (let i = 0; i < 9; i++) {
    await time.run(1000)
    slow.left++
  }
  expect(stuck.closed).toBe(4408)
  expect(slow.closed).toBeUndefined()
})

test('a listener that throws is closed and disturbs nobody', async () => {
  const [bad, good] = [await listen(), await listen()]
  bad.deliver = () => {
    throw new Error('broken')
  }
  commit(2)
  expect(good.seqs()).toEqual([1, 2])
  expect(bad.closed).toBe(1012)
})

test('another epoch, an `after` beyond the head: reset, and live from the head on', async () => {
  commit(5)
  const client = open()
  await time.run(10)
  void hub.resume(client.s, { after: 3, epoch: 'older' })
  await time.run(10)
  expect(client.got.map((text) => JSON.parse(text) as unknown)).toEqual([
    { type: 'reset', payload: { seq: 5, epoch: 'one' } },
    { type: 'ready', payload: { seq: 5, epoch: 'one' } },
  ])
  const ahead = await listen({ after: 9 })
  expect(types(ahead)).toEqual(['reset', 'ready'])
  commit(1)
  expect(client.seqs()).toEqual([6])
  expect(ahead.seqs()).toEqual([6])
})

test('a client that is ahead of this process but not of the log is not reset, and sees nothing twice', async () => {
  const other = await listen()
  commit(4, { said: false })
  const ahead = open()
  await time.run(10)
  void hub.resume(ahead.s, { after: 4 })
  await time.run(10)
  expect(last(ahead)).toMatchObject({ type: 'ready', payload: { seq: 4 } })
  await time.run(1200)
  expect(other.seqs()).toEqual([1, 2, 3, 4])
  expect(ahead.seqs()).toEqual([])
  commit(1)
  expect(ahead.seqs()).toEqual([5])
})

test('a restored database: who was live reads anew, and their right is decided before anything else is sent', async () => {
  const client = await listen()
  commit(10)
  stored.length = 6
  epoch = 'two'
  const { promise, resolve } = Promise.withResolvers<void>()
  client.deciding = promise
  await time.run(1100)
  expect(client.rechecked).toBe(1)
  commit(1)
  expect(client.seqs()).toEqual(upTo(10))
  resolve()
  await time.run(10)
  expect(types(client).slice(-2)).toEqual(['reset', 'ready'])
  expect(last(client).payload).toEqual({ seq: 7, epoch: 'two' })
  commit(1)
  expect(client.seqs().at(-1)).toBe(8)
})

test('a restored database that has grown past this process is known by its epoch', async () => {
  const client = await listen()
  commit(10)
  await time.run(1500)
  stored.length = 6
  epoch = 'two'
  commit(8, { said: false })
  await time.run(1100)
  expect(client.seqs()).toEqual(upTo(10))
  expect(last(client)).toEqual({ type: 'ready', payload: { seq: 14, epoch: 'two' } })
})

test('a log that does not go on from where live listeners are is a reset for them', async () => {
  const client = await listen()
  commit(2)
  commit(5, { said: false })
  stored.splice(0, 4)
  await time.run(1200)
  expect(client.seqs()).toEqual([1, 2])
  expect(types(client).slice(-2)).toEqual(['reset', 'ready'])
  commit(1)
  expect(client.seqs()).toEqual([1, 2, 8])
})

test('a log whose low end is gone is a reset, never a part', async () => {
  commit(200, { said: false })
  stored.splice(0, 150)
  const client = await listen({ after: 100 })
  expect(types(client)).toEqual(['reset', 'ready'])
  expect(counted['broken']).toBe(1)
})

test('a log with a hole is a reset, not a second try', async () => {
  commit(20, { said: false })
  stored.splice(9, 1)
  const client = await listen({ after: 0 })
  expect(client.seqs()).toEqual(upTo(9))
  expect(types(client).slice(9)).toEqual(['reset', 'ready'])
})

test('a process more than 1,000 behind lets each listener catch up, after its right was decided again', async () => {
  const [client, waiting] = [await listen(), open()]
  const { promise, resolve } = Promise.withResolvers<void>()
  client.deciding = promise
  commit(1500, { said: false })
  await time.run(1200)
  expect(client.rechecked + waiting.rechecked).toBe(2)
  expect(client.seqs()).toEqual([])
  resolve()
  await time.run(200)
  expect(client.seqs()).toEqual(upTo(1500))
  commit(1)
  expect(client.seqs().at(-1)).toBe(1501)
})

const endings: View = {
  endings: ({ type, text }) => {
    if (type === 'maybe') return () => 'recheck'
    if (type !== 'removed') return undefined
    const { payload } = JSON.parse(text) as { payload: { userId: string } }
    return ({ id }) => (id === payload.userId ? 4403 : undefined)
  },
}

test('who is removed is closed in the tick of that event, before the next seq, whatever they were doing', async () => {
  commit(300, { said: false })
  const live = await listen({ view: endings, id: 'ann' })
  const other = await listen({ view: endings, id: 'bob' })
  const waiting = open({ view: endings, id: 'ann' })
  const catching = open({ view: endings, id: 'ann' })
  catching.held = 70_000
  void hub.resume(catching.s, { after: 0 })
  await time.run(30)
  commit(1, { type: 'removed', payload: { userId: 'ann' } })
  expect([live.closed, waiting.closed, catching.closed, other.closed]).toEqual([4403, 4403, 4403, undefined])
  commit(1)
  await time.run(100)
  expect(live.seqs()).toEqual([301])
  expect(catching.seqs()).toEqual([])
  expect(other.seqs()).toEqual([301, 302])
})

test('nobody is sent what this process has not handed out: a removal it has not heard of comes first', async () => {
  commit(3, { said: false })
  const client = open({ view: endings, id: 'ann' })
  await time.run(10)
  commit(1, { said: false, type: 'removed', payload: { userId: 'ann' } })
  commit(2, { said: false })
  void hub.resume(client.s, { after: 0 })
  await time.run(20)
  expect(client.seqs()).toEqual([1, 2, 3])
  await time.run(1200)
  expect(client.seqs()).toEqual([1, 2, 3, 4])
  expect(client.closed).toBe(4403)
})

test('a removal in a replay ends nothing: the right was decided after it', async () => {
  await listen({ view: endings, id: 'bob' })
  commit(1, { type: 'removed', payload: { userId: 'ann' } })
  commit(2)
  const ann = await listen({ after: 0, view: endings, id: 'ann' })
  expect(ann.seqs()).toEqual([1, 2, 3])
  expect(ann.closed).toBeUndefined()
})

test('an event after which a right may be gone has it decided again', async () => {
  const client = await listen({ view: endings })
  commit(1, { type: 'maybe' })
  expect(client.rechecked).toBe(1)
  expect(client.closed).toBeUndefined()
})

test('a frame is made once for all listeners of a protocol, and each protocol shows it its own way', async () => {
  let made = 0
  const room: View = {
    text: (frame) => {
      made++
      return `{"chatId":"1",${frame.text.slice(1)}`
    },
  }
  const clients = [await listen({ view: room }), await listen({ view: room }), await listen()]
  commit(1)
  expect(made).toBe(1)
  expect(clients.map((c) => c.got.at(-1)!.includes('chatId'))).toEqual([true, true, false])
})

test('what is said in passing reaches who is live, has no seq and is kept nowhere', async () => {
  const client = await listen()
  const waiting = open()
  const slow = await listen()
  slow.held = 70_000
  hub.offer({ topic, seq: 0, type: 'typing', text: '{"type":"typing","payload":{}}' })
  expect(types(client).at(-1)).toBe('typing')
  expect([waiting.got.length, types(slow).includes('typing')]).toEqual([0, false])
  commit(1)
  expect(client.seqs()).toEqual([1])
  expect(types(await listen({ after: 0 }))).not.toContain('typing')
})

test('a topic is left with its last listener, and nothing is asked of the log while nobody listens', async () => {
  const [one, two] = [await listen(), await listen()]
  hub.remove(one)
  expect(channels.get(`live:chat:${topic}`)!.size).toBe(1)
  hub.remove(two)
  expect(channels.get(`live:chat:${topic}`)!.size).toBe(0)
  await time.run(1000)
  const before = polls
  await time.run(10_000)
  expect(polls).toBe(before)
})

test('draining tells all to come back, spread over the window, and whoever comes meanwhile at once', async () => {
  const clients = await Promise.all(Array.from({ length: 20 }, () => open()))
  const drained = hub.drain(10_000)
  const closed = () => clients.filter((c) => c.closed === 1012).length
  await time.run(2500)
  expect(closed()).toBeGreaterThan(2)
  expect(closed()).toBeLessThan(8)
  expect(open().closed).toBe(1012)
  await time.run(7500)
  await drained
  expect(closed()).toBe(20)
})
