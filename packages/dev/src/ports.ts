import { execFileSync } from 'node:child_process'
import { createServer } from 'node:net'

const given = new Set<number>()

/**
 * A port that is free, and stays so: below those that the system gives to outgoing connections, and never the same one
 * twice from this process.
 */
export const freePort = async (): Promise<number> => {
  for (let attempt = 0; attempt < 1000; attempt++) {
    const port = 20_000 + Math.floor(Math.random() * 12_000)
    if (given.has(port) || !(await isFree(port))) continue
    given.add(port)
    return port
  }
  throw new Error('no port is free')
}

/** True where nothing listens on the port, on any address. */
export const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, () => server.close(() => resolve(true)))
  })

const ask = (command: string, args: string[]) => {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return ''
  }
}

/** Which process listens on a port, as far as the machine tells: `"node" (pid 123)`. */
export const holderOf = (port: number): string | undefined => {
  if (process.platform === 'win32') {
    const line = ask('netstat', ['-ano', '-p', 'tcp'])
      .split('\n')
      .find((l) => l.includes(`:${port} `) && l.includes('LISTENING'))
    return line && `pid ${line.trim().split(/\s+/).at(-1)}`
  }
  const fields =
    ask('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc']) || ask('ss', ['-Hltnp', `sport = :${port}`])
  const [, pid, command] = /p(\d+)\nc(.+)/.exec(fields) ?? []
  if (pid) return `"${command}" (pid ${pid})`
  const [, name, id] = /\(\("([^"]+)",pid=(\d+)/.exec(fields) ?? []
  return name && `"${name}" (pid ${id})`
}
