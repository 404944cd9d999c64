import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

type Serve = (request: IncomingMessage, response: ServerResponse) => unknown

// Proxies and browsers wait for an answer before they ask again on the same connection.
const most = 16

/**
 * Closes a connection with more than 16 requests that have no answer yet: Node hands over all that one read gives, which
 * may be hundreds, and begins them at the same time.
 */
export const boundedPipelining = (serve: Serve): Serve => {
  const unanswered = new WeakMap<Socket, number>()
  return (request, response) => {
    const { socket } = request
    const now = (unanswered.get(socket) ?? 0) + 1
    if (now > most || socket.destroyed) return void socket.destroy()
    unanswered.set(socket, now)
    response.once('close', () => unanswered.set(socket, unanswered.get(socket)! - 1))
    serve(request, response)
  }
}
