import { createHmac, randomBytes } from 'node:crypto'

export interface ProofsOptions {
  clock: { now(): number }
  /** Milliseconds that what was right is remembered. */
  lasts?: number
  /** How many are remembered; the oldest goes first. */
  most?: number
}

/** What was right a moment ago in this process, as keyed hashes: its memory tells nothing of a password. */
export const openProofs = ({ clock, lasts = 60_000, most = 10_000 }: ProofsOptions) => {
  const secret = randomBytes(32)
  const proofs = new Map<string, { right: Promise<boolean>; until: number }>()
  return {
    /**
     * Whether a claim is right: as `decide` says, unless the same one was right a moment ago or is being decided, which
     * is `again`. Whoever asks along gets what `decide` throws, too. What was wrong is not remembered.
     */
    of: async (claim: readonly string[], decide: () => Promise<boolean>) => {
      const key = createHmac('sha256', secret).update(JSON.stringify(claim)).digest('base64')
      const known = proofs.get(key)
      if (known && clock.now() < known.until) return { right: await known.right, again: true }
      const proof = { right: decide(), until: Infinity }
      proofs.delete(key)
      if (proofs.size >= most) proofs.delete(proofs.keys().next().value!)
      proofs.set(key, proof)
      let right = false
      try {
        right = await proof.right
      } finally {
        if (right) proof.until = clock.now() + lasts
        else if (proofs.get(key) === proof) proofs.delete(key)
      }
      return { right, again: false }
    },
  }
}
