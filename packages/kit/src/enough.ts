/** A connection that carries statements now, which are answered in the order they were sent. */
export interface Carrying {
  /** When it last answered, or began. */
  moved: number
}

/** That keep a thread busy whose requests take three times as long in PostgreSQL as in it. */
const few = 3
/** Milliseconds after which a connection that has not answered is none to wait for. */
export const stillMs = 20
/** Milliseconds in line after which more connections are tried, whatever the thread has to do. */
const longMs = 100

/**
 * How many connections are enough. Where the thread is what is full, a few: more make it slower, by the cores that they
 * take where PostgreSQL is beside it, and by answers that come one by one where it is not. What answers counts, so a
 * connection that waits for a lock, or searches, is replaced; and a line in which one waits for long gets more.
 */
export const openEnough = (carriers: ReadonlySet<Carrying>, isBusy: () => boolean) => {
  const answers = ({ moved }: Carrying) => moved > performance.now() - stillMs
  /** How many answer, of all or of those that began before one. */
  const answering = (until?: Carrying) => {
    let n = 0
    for (const carrier of carriers) {
      if (carrier === until) break
      if (answers(carrier)) n++
    }
    return n
  }
  /** More than is needed: it ends what it carries and is given back. */
  const isSpare = (carrier: Carrying) => isBusy() && answering(carrier) >= few
  return {
    isSpare,
    /** Whether those that carry do for a line whose first waits since then. What is still being opened serves nobody. */
    isEnough: (since = Infinity) => isBusy() && since > performance.now() - longMs && answering() >= few,
    /** Whether it is one of the few. */
    serves: (carrier: Carrying) => answers(carrier) && !isSpare(carrier),
  }
}
