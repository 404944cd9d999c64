import { id } from '@wealist/contract/fields'
import { internal as noti } from '@wealist/contract/noti'
import { job, type JobCtx } from '@wealist/kit/jobs'
import type { Tx } from '@wealist/kit/tx'
import * as z from 'zod'
import type { Deps } from './deps.ts'
import * as notices from './notices.sql.ts'

/** What noti knows a comment by. */
export const eventOf = (commentId: string) => `comment:${commentId}`

/** What noti quotes of a comment. The half of a surrogate pair that a cut may leave is no text. */
export const excerptOf = (beginning: string) => beginning.slice(0, 300).replace(/[\ud800-\udbff]$/, '')

const Words = z.strictObject({ commentId: id })
type Words = z.output<typeof Words>

/** Its words are gone, and go from what people were told of it. */
export const deleted = (tx: Tx, comment: Words) => tx.addJob('noti.uncomment', comment)

/** Those who were told what it said are told what it says. */
export const edited = (tx: Tx, comment: Words) => tx.addJob('noti.recomment', comment, { key: comment.commentId })

const tellDeleted = async (ctx: JobCtx<Deps>, { commentId }: Words) => {
  await ctx.job.lease()
  await ctx.call('noti', noti.withdraw, { body: { source: 'board', eventId: eventOf(commentId) } })
}

/** Whoever is told of it from now on is told the words that this finds, or later ones. */
export const tellEdited = async (ctx: JobCtx<Deps>, { commentId }: Words) => {
  const now = await notices.words(ctx.db, commentId)
  if (!now) return
  const instead = { version: now.version, excerpt: excerptOf(now.beginning) }
  await ctx.job.lease()
  await ctx.call('noti', noti.withdraw, { body: { source: 'board', eventId: eventOf(commentId), instead } })
}

export const jobs = [job('noti.uncomment', Words, tellDeleted), job('noti.recomment', Words, tellEdited)]
