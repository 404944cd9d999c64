import { openTurns } from '@wealist/kit/turns'

/**
 * Uploads through the service. Each holds a part of 5 MB as long as it takes, so 16 have their turn at once and 64 more
 * wait for it 15 s, their bytes unread; past that it is 503. Who has one asks for the drive's, never the other way round.
 */
export const openForms = () => {
  const turns = openTurns({
    ...{ atOnce: 16, waiting: 64, patience: 15_000 },
    refusal: 'Too many files are uploaded at this moment. Try again shortly.',
  })
  const underWay = new Set<Promise<unknown>>()
  return {
    /** Milliseconds that the next byte of a form is waited for. */
    silence: 30_000,
    inTurn: async <T>(work: () => Promise<T>): Promise<T> => {
      const done = turns.of('form', work)
      underWay.add(done)
      return done.finally(() => underWay.delete(done))
    },
    /** Those whose connections were closed have given back what they had. */
    settled: () => Promise.allSettled(underWay),
  }
}
