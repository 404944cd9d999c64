import { execFileSync } from 'node:child_process'
import { createServer } from 'node:net'

/** A port that is free now. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address ? address.port : 0
      server.close(() => resolve(port))
    })
  })

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
