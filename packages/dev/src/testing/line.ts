import { createServer, connect, type Server, type Socket } from 'node:net'
import { freePort } from '../ports.ts'

/** A way to a server that can be cut, with all that goes over it, and opened again. */
export const startLine = async (target: string) => {
  const { hostname, port: to } = new URL(target)
  const port = await freePort()
  const open = new Set<Socket>()
  let server: Server | undefined
  const up = () =>
    new Promise<void>((resolve) => {
      server = createServer((from) => {
        const there = connect(Number(to), hostname)
        for (const socket of [from, there]) {
          open.add(socket)
          socket.on('error', () => socket.destroy())
          socket.on('close', () => open.delete(socket))
        }
        from.pipe(there).pipe(from)
      })
      server.listen(port, '127.0.0.1', resolve)
    })
  const down = () =>
    new Promise<void>((resolve) => {
      server?.close(() => resolve())
      for (const socket of open) socket.destroy()
    })
  await up()
  const url = new URL(target)
  url.port = String(port)
  url.hostname = '127.0.0.1'
  return { url: url.href, up, down }
}
