import { createServer, connect, type Server, type Socket } from 'node:net'
import { Transform } from 'node:stream'
import { freePort } from '../ports.ts'

export type Line = Awaited<ReturnType<typeof startLine>>

/** A way to a server that can be cut, with all that goes over it, made slow, and opened again. */
export const startLine = async (target: string) => {
  const { hostname, port: to } = new URL(target)
  const port = await freePort()
  const open = new Set<Socket>()
  let server: Server | undefined
  let delay = 0
  const slowly = () =>
    new Transform({
      transform: (chunk, _, pass) => void (delay ? setTimeout(pass, delay, null, chunk) : pass(null, chunk)),
    })
  const up = () =>
    new Promise<void>((resolve) => {
      server = createServer((from) => {
        const there = connect(Number(to), hostname)
        for (const [socket, other] of [
          [from, there],
          [there, from],
        ] as const) {
          open.add(socket)
          socket.on('error', () => socket.destroy())
          socket.on('close', () => {
            open.delete(socket)
            other.destroySoon()
          })
        }
        from.pipe(slowly()).pipe(there).pipe(slowly()).pipe(from)
      })
      server.listen(port, '127.0.0.1', resolve)
    })
  const tear = () => {
    for (const socket of open) socket.destroy()
  }
  const down = () =>
    new Promise<void>((resolve) => {
      if (server) server.close(() => resolve())
      else resolve()
      tear()
    })
  await up()
  const url = new URL(target)
  url.port = String(port)
  url.hostname = '127.0.0.1'
  return {
    url: url.href,
    up,
    down,
    /** Ends the connections that are open; new ones may be made at once. */
    tear,
    /** From now on every piece of data takes so many milliseconds more, and the next one waits for it. */
    slow: (ms: number) => void (delay = ms),
  }
}
