import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { commandOf, printed } from './alive.ts'

const given = new Set<number>()
const range = { from: 20_000, ports: 12_000 }
const slot = 200
const slots = range.ports / slot
let mine: Promise<typeof range> | undefined

// Processes that run at the same time each have a slot of their own, and hold it by listening on its first port: none takes
// what another has found free and not used yet.
const ownSlot = async (): Promise<typeof range> => {
  for (let i = 0; i < slots; i++) {
    const from = range.from + ((process.pid + i) % slots) * slot
    if (await holds(from)) return { from: from + 1, ports: slot - 1 }
  }
  return range
}
const holds = (port: number) =>
  new Promise<boolean>((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => resolve(true)).unref()
  })

/**
 * A port that is free, and stays so: below those that the system gives to outgoing connections, and never the same one
 * twice from this process.
 */
export const freePort = async (): Promise<number> => {
  for (let attempt = 0; attempt < 1000; attempt++) {
    const { from, ports } = attempt < 100 ? await (mine ??= ownSlot()) : range
    const port = from + Math.floor(Math.random() * ports)
    if (given.has(port) || !(await isFree(port))) continue
    given.add(port)
    return port
  }
  throw new Error('no port is free')
}

/** True where nothing listens on the port, on any address. Asked of each: some systems let two share a port, apart by address. */
export const isFree = async (port: number): Promise<boolean> => {
  for (const host of ['127.0.0.1', '0.0.0.0', '::1', '::']) if (!(await mayListen(port, host))) return false
  return true
}

const mayListen = (port: number, host: string) =>
  new Promise<boolean>((resolve) => {
    const server = createServer()
    // An address that this machine does not have takes no port away.
    server.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code !== 'EADDRINUSE' && code !== 'EACCES'))
    server.listen({ port, host, ipv6Only: host.includes(':') }, () => server.close(() => resolve(true)))
  })

/** Which process listens on a port, as far as the machine tells: `pid 123: node server.js`. */
export const holderOf = (port: number): string | undefined => {
  const pid = pidOn(port)
  if (!pid) return undefined
  const command = commandOf(pid)
  return `pid ${pid}${command && `: ${command.length > 100 ? `${command.slice(0, 99)}…` : command}`}`
}

const pidOn = (port: number) => {
  if (process.platform === 'linux') return pidOnLinux(port)
  if (process.platform !== 'win32')
    return Number(printed('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-t']).split('\n')[0])
  const line = printed('netstat', ['-ano', '-p', 'tcp'])
    .split('\n')
    .find((l) => l.includes(`:${port} `) && l.includes('LISTENING'))
  return Number(line?.trim().split(/\s+/).at(-1))
}

// The kernel's table of sockets names an inode; the process that has it open is found among all, as far as we may look.
const pidOnLinux = (port: number) => {
  const inodes = new Set(['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => listening(table, port)))
  if (inodes.size === 0) return undefined
  return entriesOf('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .find((pid) => entriesOf(`/proc/${pid}/fd`).some((fd) => inodes.has(linkOf(`/proc/${pid}/fd/${fd}`))))
}

const listening = (table: string, port: number) => {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return textOf(table)
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(suffix) && state === '0A')
    .map((fields) => `socket:[${fields[9]}]`)
}

const or = <T>(work: () => T, otherwise: T) => {
  try {
    return work()
  } catch {
    return otherwise
  }
}
const entriesOf = (dir: string) => or(() => readdirSync(dir), [])
const linkOf = (path: string) => or(() => readlinkSync(path), '')
const textOf = (path: string) => or(() => readFileSync(path, 'utf8'), '')
