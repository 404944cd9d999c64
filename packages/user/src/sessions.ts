import type { Base } from '@wealist/kit/context'

export interface Whose {
  userId: string
  /** Whether a sign-in that is under way may not make a new one either. */
  block: boolean
  /** The change that ends them: told again, it ends none that was begun since. */
  once?: string | undefined
}

/** Ends all sessions of a person within a second. */
export const end = async ({ revocations }: Pick<Base, 'revocations'>, { userId, block, once }: Whose) => {
  if (block) await revocations.block(userId)
  await revocations.revoke({ sub: userId, once })
}

/** The same right after the commit; where this cannot, the job does. */
export const endNow = (ctx: Pick<Base, 'revocations' | 'log'>, whose: Whose) =>
  end(ctx, whose).catch((error: unknown) => ctx.log.warn({ err: error }, 'sessions are ended by the job'))
