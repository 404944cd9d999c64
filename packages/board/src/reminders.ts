import type { JobCtx } from '@wealist/kit/jobs'
import * as notices from './notices.ts'
import * as reminders from './reminders.sql.ts'

// Each batch looks at what was noted before it, too: few of them.
const most = 1000

/** Reminds of what is due within a day, once a task and due date, however many pods look at once. */
export const remind = async ({ tx, clock, job }: Pick<JobCtx, 'tx' | 'clock' | 'job'>) => {
  for (let noted = most; noted === most;) {
    job.signal.throwIfAborted()
    noted = await tx(async (tx) => {
      const due = await reminders.note(tx, { now: new Date(clock.now()), limit: most })
      for (const task of due) notices.dueSoon(tx, task)
      return due.length
    })
  }
}
