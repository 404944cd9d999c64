import { events } from '@wealist/contract/board'
import { closeCodes } from '@wealist/kit/live/close-codes'
import { named } from '@wealist/kit/live/presence'
import * as rights from './access.sql.ts'
import { see, topicOf } from './access.ts'
import { socket } from './deps.ts'

/** Every change of a project, for whoever may see it. Ends with the project, and for a member who is removed. */
export const projectSocket = socket(events.live, {
  topic: ({ projectId }) => topicOf(projectId),
  presence: { place: ({ projectId }) => topicOf(projectId), show: named },
  authorise: async (ctx, { projectId }) => {
    const scope = await rights.scope(ctx.db, { via: 'project', id: projectId, userId: ctx.actor.id })
    await see(ctx, scope, 'project', { fresh: true })
    return { workspaces: [scope!.workspaceId] }
  },
  endings: ({ type, text }) => {
    if (type === 'project.deleted') return () => closeCodes.unknown
    // Whoever was only looking may have lost the right to.
    if (type === 'project.updated') return text.includes('"visibility":"private"') ? () => 'recheck' : undefined
    // Who was running what nobody owned may have lost the right to see it.
    if (type !== 'member.removed') return text.includes('"role":"owner"') ? () => 'recheck' : undefined
    const { payload } = JSON.parse(text) as { payload: { userId: string; stillViewer: boolean } }
    // What they could still see when they were removed may have become private before that was known.
    const ending = payload.stillViewer ? ('recheck' as const) : closeCodes.forbidden
    return ({ id }) => (id === payload.userId ? ending : undefined)
  },
})
