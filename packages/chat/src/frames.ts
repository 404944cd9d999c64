import type { InRoom } from '@wealist/contract/chat/live'
import { codeOf } from '@wealist/kit/errors'
import { topicOf } from './access.ts'
import type { Ctx } from './deps.ts'
import * as messages from './messages.ts'
import * as rooms from './rooms.ts'

/** What a client says in a room. A message is acknowledged once it is stored. */
export const say = async (
  ctx: Ctx,
  chatId: string,
  { frame, send }: { frame: InRoom; send(type: string, payload: object): void },
) => {
  if (frame.type === 'typing')
    return ctx.live.say(topicOf(chatId), 'typing', { chatId, userId: ctx.actor.id, name: ctx.actor.name })
  if (frame.type === 'read') return void (await rooms.read(ctx, chatId, frame.payload.seq))
  const { messageType: type, ...input } = frame.payload
  const { clientId } = input
  try {
    const { id, seq } = await messages.say(ctx, chatId, { ...input, type })
    send('ack', { chatId, clientId, id, seq })
  } catch (error) {
    const code = codeOf(error)
    if (code === undefined) ctx.log.error({ err: error }, 'a message could not be stored')
    const message = code === undefined ? 'Something went wrong on our side. Send it again.' : (error as Error).message
    send('error', { code: code ?? 'INTERNAL_ERROR', message, clientId, chatId })
  }
}
