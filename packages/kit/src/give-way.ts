import { readdirSync, readFileSync } from 'node:fs'
import { setPriority } from 'node:os'

const tasks = '/proc/self/task'
/** A third of the others' share of a core that both want: enough that a sign-in still ends in time. */
const less = 5

let done = false
/**
 * Lets the threads of libuv's pool, on which passwords are hashed, give way to the one that answers requests. Linux alone
 * gives each thread a priority of its own; elsewhere, and where it may not be changed, they stay equals. Node has them once
 * there was work for them.
 */
export const letWorkersGiveWay = () => {
  if (done) return
  done = true
  try {
    for (const id of readdirSync(tasks))
      if (readFileSync(`${tasks}/${id}/comm`, 'utf8').startsWith('libuv-worker')) setPriority(Number(id), less)
  } catch {}
}
