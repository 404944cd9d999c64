import type { stream as api } from '@wealist/contract/noti'
import type { Input } from '@wealist/contract/route'
import { invalid } from '@wealist/kit/errors'
import type { Ctx } from './deps.ts'
import { languageOf } from './language.ts'
import { streams } from './stream.live.ts'

type Query = Input<typeof api.open>['query']

export const open = (ctx: Ctx, { ticket, after, epoch, lang }: Query) => {
  const { header } = ctx.request
  // An EventSource that connects again by itself shows a ticket that is spent: only who has a bearer comes back like that.
  const last = ticket === undefined ? header('last-event-id') : undefined
  return ctx.live.stream(ctx, {
    socket: streams[lang ?? languageOf(header('accept-language'))],
    from: { after: last === undefined || last === '' ? after : seqOf(last), epoch },
    summary: { type: 'unread', read: () => ctx.unreadOf(ctx.actor.id) },
  })
}

const seqOf = (last: string) => {
  if (!/^\d{1,15}$/.test(last)) throw invalid([{ path: 'Last-Event-ID', message: 'is no id of this stream' }])
  return Number(last)
}
