import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { commandOf, isAlive } from './alive.ts'

/**
 * One run at a time over a data folder: a file with our process id. One that a killed run left is taken over. Throws a
 * sentence for people while another run is alive.
 */
export const takeLock = (file: string): (() => void) => {
  // Linked into its place with the id in it, so that nobody ever reads an empty one.
  const own = `${file}.${process.pid}`
  writeFileSync(own, String(process.pid))
  try {
    for (;;) {
      try {
        linkSync(own, file)
        return () => rmSync(file, { force: true })
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
        const pid = holderOf(file)
        if (pid)
          throw new Error(`weAlist is running already (pid ${pid}). Stop it with Ctrl-C where it runs, or: kill ${pid}`)
        rmSync(file, { force: true })
      }
    }
  } finally {
    rmSync(own, { force: true })
  }
}

const holderOf = (file: string) => {
  let pid = 0
  try {
    pid = Number(readFileSync(file, 'utf8'))
  } catch {
    // Released in between.
  }
  // The number may have gone to another program since.
  return pid !== process.pid &&
    isAlive(pid) &&
    (process.platform === 'win32' ? /node/ : /(start|data)\.ts/).test(commandOf(pid))
    ? pid
    : undefined
}
