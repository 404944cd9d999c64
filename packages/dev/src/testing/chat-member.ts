import { call } from '@wealist/contract/call'
import { messages } from '@wealist/contract/chat'
import type { RoomEvent } from '@wealist/contract/chat/events'
import { newId } from '@wealist/kit/ids'
import { openCursors } from '@wealist/kit/live/cursors'

interface Where {
  /** The address of any process, asked at each connection and request. */
  url(): string
  headers(): Record<string, string>
  workspaceId: string
}
export type ChatMember = ReturnType<typeof chatMember>

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** A client as its protocol says: one socket for all its rooms, cursors that resume, messages sent again until they are acknowledged. */
export const chatMember = ({ url, headers, workspaceId }: Where, rooms: readonly string[]) => {
  const heard = new Map(rooms.map((room) => [room, [] as RoomEvent[]]))
  const acks = new Map<string, (seq: number) => void>()
  const state = { resets: 0, opened: 0, over: false }
  let socket: WebSocket | undefined
  const send = (type: string, payload: object) => {
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type, payload }))
  }
  const cursors = openCursors<RoomEvent & { seq: number }>({
    key: 'chatId',
    apply: (room, event) => void heard.get(room)!.push(event),
    send,
    reset: () => void state.resets++,
    removed: () => void state.resets++,
  })
  for (const room of rooms) cursors.startAt(room, 0)
  const open = () => {
    if (state.over) return
    const at = `${url().replace('http', 'ws')}/api/chats/ws?workspaceId=${workspaceId}`
    const mine = (socket = new WebSocket(at, { headers: headers() } as never))
    mine.addEventListener('open', () => {
      state.opened++
      send('resume', {})
      cursors.open()
    })
    mine.addEventListener('message', ({ data }) => {
      if (mine !== socket) return
      const frame = JSON.parse(String(data)) as { type: string; payload: { clientId?: string; seq: number } }
      if (frame.type === 'ack') acks.get(frame.payload.clientId!)?.(frame.payload.seq)
      else cursors.frame(frame as never)
    })
    mine.addEventListener('error', () => undefined)
    mine.addEventListener('close', () => {
      cursors.closed()
      if (mine === socket) setTimeout(open, 50 + Math.random() * 300)
    })
  }
  open()
  const bySocket = (room: string, clientId: string, content: string) =>
    new Promise<number | undefined>((resolve) => {
      const timer = setTimeout(() => done(undefined), 2000)
      const done = (seq: number | undefined) => {
        clearTimeout(timer)
        acks.delete(clientId)
        resolve(seq)
      }
      acks.set(clientId, done)
      send('message', { chatId: room, clientId, content, messageType: 'text' })
    })
  const byHttp = (room: string, clientId: string, content: string) =>
    call(
      messages.send,
      { params: { id: room }, body: { clientId, content } },
      { base: url(), headers: headers() },
    ).then(
      (message) => message.seq,
      () => undefined,
    )
  return {
    heard,
    state,
    cursors,
    /** Sends the same message again until somebody acknowledges it; gives its seq. */
    say: async (room: string, content: string) => {
      const clientId = newId()
      for (;;) {
        const seq = await (Math.random() < 0.8 ? bySocket : byHttp)(room, clientId, content)
        if (seq !== undefined) return { clientId, seq }
        await pause(50 + Math.random() * 200)
      }
    },
    drop: () => socket?.close(),
    end: () => {
      state.over = true
      socket?.close()
    },
  }
}
