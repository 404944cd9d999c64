// Changes over as many connections as a pool has, each with its event and, where told, a job. The relay moves the jobs
// meanwhile, to the worker of this process or, where they are told to run elsewhere, to none.
import { json } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { openDb } from '@wealist/kit/db'
import { job, openJobs } from '@wealist/kit/jobs'
import { openLog } from '@wealist/kit/log'
import { openMetrics } from '@wealist/kit/metrics'
import { sql } from '@wealist/kit/sql'
import * as z from 'zod'

export interface JobsLoad {
  url: string
  /** One a connection, each of a project of its own. */
  tasks: { id: string; projectId: string }[]
  seconds: number
  /** A job of the outbox, run here or elsewhere, or one that is added as graphile-worker does it. */
  adds: 'nothing' | 'here' | 'elsewhere' | 'directly'
}

const { url, tasks, seconds, adds } = (await json(process.stdin)) as JobsLoad
const log = openLog({ service: 'bench', level: 'silent' })
const db = openDb({ url, max: tasks.length, log, onCommit: (commit) => commit.jobs && jobs.poke() })
const base = { db, log, metrics: openMetrics('board', { ofProcess: false }), clock: Date }
let [commits, ran] = [0, 0]
const jobs = await openJobs({ base, ctx: base, registry: [job('here', z.unknown(), () => void ran++)] })
const until = performance.now() + 1000 + seconds * 1000
const change = async ({ id, projectId }: JobsLoad['tasks'][number]) => {
  for (; performance.now() < until; commits++)
    await db.tx(async (tx) => {
      const task = await tx.json<object>(sql`update tasks set version = version + 1 where id = ${id} returning *`)
      tx.emit(`project:${projectId}`, 'task.updated', task!, id)
      if (adds === 'directly')
        await tx.run(sql`select graphile_worker.add_job(${adds}, ${JSON.stringify({ id })}::json)`)
      else if (adds !== 'nothing') tx.addJob(adds, { id })
    })
}
const changing = tasks.map(change)
await setTimeout(1000)
const before = { commits, ran }
await Promise.all(changing)
const told = {
  commits: (commits - before.commits) / seconds,
  ...(adds === 'here' && { ran: (ran - before.ran) / seconds }),
}
await jobs.stop()
// The next worker would look through all that waits.
await db.run(sql`truncate kit.outbox, graphile_worker._private_jobs`)
process.stdout.write(JSON.stringify(told))
process.exit(0)
