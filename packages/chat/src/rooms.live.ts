import { id } from '@wealist/contract/fields'
import { live } from '@wealist/contract/chat'
import { closeCodes } from '@wealist/kit/live/close-codes'
import type { Endings } from '@wealist/kit/live/listener'
import { changes, named } from '@wealist/kit/live/presence'
import { notFound } from '@wealist/kit/errors'
import * as rights from './access.sql.ts'
import { see, topicOf, topicOfPerson } from './access.ts'
import { type Ctx, socket } from './deps.ts'
import { say } from './frames.ts'

// A room ends for everybody with its deletion, and for whoever is taken out of it.
const endings: Endings = ({ type, text }) => {
  if (type === 'room.deleted') return () => closeCodes.unknown
  if (type !== 'participant.removed') return undefined
  const { payload } = JSON.parse(text) as { payload: { userId: string } }
  return (person) => (person.id === payload.userId ? closeCodes.forbidden : undefined)
}

export const roomSocket = socket(live.room, {
  topic: ({ chatId }) => topicOf(chatId),
  authorise: async (ctx, { chatId }) => {
    const [scope] = await rights.scopes(ctx.db, { ids: [chatId], userId: ctx.actor.id })
    const { workspaceId } = await see(ctx, scope, 'room', { fresh: true })
    return { workspaces: [workspaceId] }
  },
  endings,
  presence: { place: ({ chatId }) => topicOf(chatId), show: named },
  message: (ctx, frame, { given, send }) => say(ctx, given.chatId, { frame, send }),
})

const mustBeIn = async (ctx: Ctx, workspaceId: string) => {
  await ctx.memberships.require(workspaceId, ctx.actor.id, { fresh: true })
  return { workspaces: [workspaceId] }
}
const everybody = (workspaceId: string) => `presence:${workspaceId}`

export const roomsSocket = socket(live.rooms, {
  topic: (_, person) => topicOfPerson(person.id),
  authorise: (ctx, { workspaceId }) => mustBeIn(ctx, workspaceId),
  presence: { place: ({ workspaceId }) => everybody(workspaceId), lastSeen: true },
  rooms: {
    key: 'chatId',
    name: id,
    prefix: 'room:',
    authorise: async (ctx, { workspaceId }, ids) => {
      await mustBeIn(ctx, workspaceId)
      const scopes = await rights.scopes(ctx.db, { ids, userId: ctx.actor.id })
      return scopes.filter((scope) => scope.workspaceId === workspaceId).map((scope) => scope.id)
    },
    endings,
  },
  message: async (ctx, frame, { send, stand, has }) => {
    if (frame.type === 'stand') return stand(frame.payload.state)
    const { chatId, ...payload } = frame.payload
    // What passes is not looked up: it is for rooms whose right was decided when they were taken.
    if (frame.type === 'typing' && !has(chatId)) throw notFound('This room')
    await say(ctx, chatId, { frame: { type: frame.type, payload } as never, send })
  },
})

export const presenceSocket = socket(live.presence, {
  topic: ({ workspaceId }) => everybody(workspaceId),
  authorise: (ctx, { workspaceId }) => mustBeIn(ctx, workspaceId),
  presence: { place: ({ workspaceId }) => everybody(workspaceId), show: changes, lastSeen: true },
  message: async (_ctx, frame, { stand }) => stand(frame.payload.state),
})
