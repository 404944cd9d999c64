import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'

/**
 * One run at a time over a data folder: a file with our process id. One that a killed run left is taken over. Throws a
 * sentence for people while another run is alive.
 */
export const takeLock = (file: string): (() => void) => {
  for (;;) {
    try {
      const fd = openSync(file, 'wx')
      writeSync(fd, String(process.pid))
      closeSync(fd)
      return () => rmSync(file, { force: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      const pid = Number(readFileSync(file, 'utf8'))
      if (isAlive(pid))
        throw new Error(`weAlist is running already (pid ${pid}). Stop it with Ctrl-C where it runs, or: kill ${pid}`)
      rmSync(file, { force: true })
    }
  }
}

const isAlive = (pid: number) => {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  try {
    // The number may have gone to another program since.
    return /start\.ts/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
  } catch {
    return true
  }
}
