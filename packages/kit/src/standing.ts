import type { Revocations } from './revocations.ts'

/** Whether a person may be signed in: undefined for who is not there any more. */
export type Standing = 'active' | 'inactive' | 'suspended' | undefined

/**
 * Makes sign-in follow a person's row, within a second everywhere. Who is not active is blocked and loses all sessions;
 * who is gets unblocked, and tokens are refused once so that the next refresh brings the role they have now. Two at once
 * end with what the row says: whoever wrote last has looked at it since.
 */
export const applyStanding = async (
  revocations: Pick<Revocations, 'block' | 'unblock' | 'revoke'>,
  sub: string,
  read: () => Promise<Standing>,
): Promise<void> => {
  let standing = await read()
  for (let attempt = 0; attempt < 5; attempt++) {
    // Who deleted the account has ended it in a way of its own.
    if (standing === undefined) return
    if (standing === 'active') await revocations.unblock(sub)
    else await revocations.block(sub)
    await revocations.revoke({ sub, sessions: standing === 'active' ? 'keep' : 'end' })
    const now = await read()
    if (now === standing) return
    standing = now
  }
  throw new Error('the standing of a person keeps changing')
}
