import { pause, type Timing } from './timing.ts'

/** Decides anew whenever it is asked to: one decision at a time, and once more where it was asked meanwhile. */
export interface Rechecks {
  ask(): void
  /** Resolves when no decision is asked for or under way. */
  decided(): Promise<void>
}

const undecidedFor = 10_000

/** What cannot be decided is tried again, and given up after 10 s. */
export const openRechecks = ({
  timing,
  decide,
  over,
  giveUp,
}: {
  timing: Timing
  decide(): Promise<'decided' | 'unknown'>
  over(): boolean
  giveUp(): void
}): Rechecks => {
  let changed = false
  let running = false
  let deciding: Promise<void> = Promise.resolve()
  const run = async () => {
    const since = timing.now()
    try {
      while (changed && !over()) {
        changed = false
        if ((await decide()) === 'decided') continue
        if (timing.now() - since >= undecidedFor) return giveUp()
        changed = true
        await pause(timing, 250 + timing.random() * 500)
      }
    } finally {
      // Here, since whoever asks between the last look at `changed` and a `finally` of the promise would not be heard.
      running = false
    }
  }
  return {
    ask: () => {
      changed = true
      if (running) return
      running = true
      deciding = run()
    },
    decided: () => deciding,
  }
}
