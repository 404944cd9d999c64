import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** What a command prints; nothing where it fails or does not exist here. */
export const printed = (command: string, args: string[]) => {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return ''
  }
}

/** True while a process with that id runs. One that has ended and waits for its parent does not. */
export const isAlive = (pid: number) => {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  if (process.platform !== 'linux') return true
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

/** The command line of a process, as far as the machine tells; a number in a file may long belong to another program. */
export const commandOf = (pid: number) => {
  if (process.platform === 'win32') return printed('tasklist', ['/fi', `PID eq ${pid}`, '/fo', 'csv', '/nh'])
  if (process.platform !== 'linux') return printed('ps', ['-o', 'command=', '-p', String(pid)])
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
  } catch {
    return ''
  }
}

/** Waits until the process has ended; false when it has not in time. */
export const gone = async (pid: number, ms: number) => {
  for (const end = performance.now() + ms; isAlive(pid);) {
    if (performance.now() > end) return false
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return true
}
