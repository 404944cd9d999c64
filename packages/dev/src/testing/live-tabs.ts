import { setTimeout } from 'node:timers/promises'
import { openCursor, type StreamFrame } from '@wealist/kit/live/cursor'
import { WebSocket } from 'ws'
import { openEvents } from './event-stream.ts'

/** Seq and type, as a client was told and as the log has it. */
export type Told = [seq: number, type: string]

/** A client of a topic from its first event on, that connects again whenever it is torn off. */
export interface Tab {
  topic: string
  told: Told[]
  /** How often it was connected, and told to read its state anew. */
  opened: number
  resets: number
  /** The last seq it has. */
  at(): number
  drop(): void
  stop(): void
}

interface Where {
  /** The address of any process, asked at each connection. */
  url(): string
  headers(): Record<string, string>
}

const aWhile = () => setTimeout(5 + Math.random() * 295)

/** A tab with a project open. */
export const projectTab = ({ url, headers }: Where, projectId: string): Tab => {
  const client = { topic: `project:${projectId}`, told: [] as Told[], opened: 0, resets: 0 }
  let ws: WebSocket
  let over = false
  const cursor = openCursor<StreamFrame & { seq: number }>({
    apply: ({ seq, type }) => void client.told.push([seq, type]),
    resume: (from) => ws.send(JSON.stringify({ type: 'resume', payload: from })),
    reset: () => void client.resets++,
  })
  cursor.startAt(0)
  const open = () => {
    if (over) return
    const mine = (ws = new WebSocket(`${url().replace('http', 'ws')}/ws/project/${projectId}`, { headers: headers() }))
    mine.on('open', () => {
      client.opened++
      cursor.open()
    })
    mine.on('message', (data) => cursor.frame(JSON.parse(String(data)) as StreamFrame))
    mine.on('error', () => undefined)
    mine.on('close', () => {
      cursor.closed()
      void aWhile().then(open)
    })
  }
  open()
  return Object.assign(client, {
    at: () => cursor.position.after ?? 0,
    drop: () => ws.terminate(),
    stop: () => {
      over = true
      ws.terminate()
    },
  })
}

/** A tab with the stream of a person's notifications; it comes back with the last id it had. */
export const streamTab = ({ url, headers }: Where, personId: string): Tab => {
  const client = { topic: `user:${personId}`, told: [] as Told[], opened: 0, resets: 0 }
  let last = 0
  let stream: Awaited<ReturnType<typeof openEvents>> | undefined
  let over = false
  const live = async () => {
    while (!over) {
      const from = { ...headers(), 'last-event-id': String(last) }
      stream = await openEvents(`${url()}/api/notifications/stream`, from, ({ event, id, data }) => {
        if (event === 'reset') client.resets++
        if (data.seq !== undefined) client.told.push([data.seq, data.type])
        last = id ?? last
      }).catch(() => undefined)
      if (stream) client.opened++
      if (over) void stream?.close()
      await stream?.ended
      await aWhile()
    }
  }
  void live()
  return Object.assign(client, {
    at: () => last,
    drop: () => void stream?.close(),
    stop: () => {
      over = true
      void stream?.close()
    },
  })
}
