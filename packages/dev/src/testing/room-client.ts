import { calls, live, messages, participants, rooms } from '@wealist/contract/chat'
import type { Call } from '@wealist/contract/chat/calls'
import type { RoomEvent } from '@wealist/contract/chat/events'
import type { Message } from '@wealist/contract/chat/messages'
import type { Participant } from '@wealist/contract/chat/participants'
import type { Room } from '@wealist/contract/chat/rooms'
import { openCursor } from '@wealist/kit/live/cursor'
import type { Ask } from './one-service.ts'

interface State {
  room: Room | undefined
  messages: Map<string, Message>
  participants: Map<string, Participant>
  call: Call | null
}

/** What a front end does with a room's socket: a state that was read once and then lives on events alone. */
export const watchRoom = async (
  url: string,
  headers: Record<string, string>,
  { ask, id }: { ask: Ask; id: string },
) => {
  const heard: RoomEvent[] = []
  const now = { code: undefined as number | undefined, resets: 0 }
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/chats/ws/${id}`, { headers } as never)
  const { state, seq } = await readRoom(ask, id)
  const cursor = openCursor<RoomEvent & { seq: number }>({
    apply: (event) => {
      heard.push(event)
      apply(state, event)
    },
    resume: (payload) => socket.send(JSON.stringify({ type: 'resume', payload })),
    reset: () => void now.resets++,
  })
  cursor.startAt(seq)
  socket.addEventListener('message', ({ data }) => cursor.frame(live.room.outgoing.parse(JSON.parse(String(data)))))
  socket.addEventListener('close', ({ code }) => void (now.code = code))
  if (socket.readyState === WebSocket.CONNECTING)
    await new Promise((resolve) => socket.addEventListener('open', resolve, { once: true }))
  cursor.open()
  return {
    heard,
    /** The code the socket was closed with, and how often the state had to be read anew. */
    now,
    get state() {
      return shown(state)
    },
    close: () => socket.close(),
  }
}

/** A state made of several answers: the lowest of their seqs is its base. */
const readRoom = async (ask: Ask, id: string) => {
  const params = { id }
  const {
    seq: head,
    myRole: _,
    readSeq: __,
    unreadCount: ___,
    participantCount: ____,
    ...room
  } = await ask(rooms.get, {
    params,
  })
  const people = await ask(participants.list, { params, query: { limit: 100 } })
  const said: Message[] = []
  const seqs = [head, people.seq]
  for (let cursor: string | undefined, first = true; first || cursor; first = false) {
    const page = await ask(messages.list, { params, query: { limit: 3, ...(cursor && { cursor }) } })
    said.push(...page.items)
    seqs.push(page.seq)
    cursor = page.nextCursor ?? undefined
  }
  const { call } = await ask(calls.get, { params })
  const state: State = {
    room,
    call,
    messages: new Map(said.map((message) => [message.id, message])),
    participants: new Map(people.items.map((one) => [one.userId, one])),
  }
  return { state, seq: Math.min(...seqs) }
}

// The whole of what a client has to know: a row takes the place of the one with its id, unless that one is newer.
const apply = (state: State, { type, payload }: RoomEvent) => {
  if (payload === null) return
  if (type === 'message' || type === 'message.updated' || type === 'message.deleted') {
    if ((state.messages.get(payload.id)?.version ?? 0) <= payload.version) state.messages.set(payload.id, payload)
  } else if (type === 'reaction') {
    const message = state.messages.get(payload.messageId)
    if (message) state.messages.set(message.id, { ...message, reactions: payload.reactions })
  } else if (type === 'room.updated') state.room = payload
  else if (type === 'room.deleted') state.room = undefined
  else if (type === 'call.started' || type === 'call.updated') state.call = payload
  else if (type === 'call.ended') state.call = state.call?.id === payload.id ? null : state.call
  else if (type === 'participant.removed') state.participants.delete(payload.userId)
  else state.participants.set(payload.userId, payload)
}

// How far others have read is no event: it passes, and only moves forward.
const shown = ({ room, call, messages: said, participants: people }: State) => ({
  ...{ room, call },
  messages: [...said.values()].toSorted((a, b) => a.seq - b.seq),
  participants: [...people.values()]
    .map((one) => ({ ...one, readSeq: 0 }))
    .toSorted((a, b) => (a.userId < b.userId ? -1 : 1)),
})

/** The same, read now by somebody who heard nothing. */
export const freshRoom = async (ask: Ask, id: string) => shown((await readRoom(ask, id)).state)
