import { id } from '@wealist/contract/fields'
import { job, type JobCtx } from '@wealist/kit/jobs'
import type { Tx } from '@wealist/kit/tx'
import * as z from 'zod'
import { topicOf } from './access.ts'
import * as customFields from './custom-fields.sql.ts'
import type { Deps } from './deps.ts'
import * as labels from './labels.sql.ts'
import * as projects from './projects.sql.ts'

/** Tasks that are changed at once: a tenth of a millisecond each. */
const atOnce = 1000

const takeFrom = { label: labels.takeAway, field: customFields.takeAway }

const Gone = z.strictObject({ what: z.enum(['label', 'field']), id, projectId: id, actorId: id })
type Gone = z.output<typeof Gone>

/** Takes a label or a field that was deleted from the tasks that have it. Where they are too many for one transaction a job goes on. */
export const take = async (tx: Tx, gone: Gone) => {
  await takeSome(tx, gone)
  tell(tx, gone)
}

const takeSome = async (tx: Tx, gone: Gone) => {
  const taken = await takeFrom[gone.what](tx, { id: gone.id, projectId: gone.projectId, limit: atOnce })
  if (taken === atOnce) tx.addJob('values.take', gone, { key: gone.id })
  return taken
}

const tell = (tx: Tx, { what, id, projectId }: Gone) => tx.emit(topicOf(projectId), `${what}.deleted`, { id })

const goOn = (ctx: JobCtx<Deps>, gone: Gone) => {
  const going = async (tx: Tx) => {
    tx.actAs(gone.actorId)
    if (!(await projects.hold(tx, gone.projectId))) return
    // Said once more at the end: what was changed meanwhile has shown it to whoever listens.
    if ((await takeSome(tx, gone)) < atOnce) tell(tx, gone)
  }
  return ctx.tx(going, { turn: topicOf(gone.projectId) })
}

export const jobs = [job('values.take', Gone, goOn)]
