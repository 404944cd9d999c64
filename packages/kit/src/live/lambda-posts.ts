import { type CloseCode, closeCodes } from './close-codes.ts'
import { control } from './message.ts'

/** Largest message that API Gateway takes to a client, in bytes. */
const mostPost = 128 * 1024
/** Posts at the same time: what one function does in its seconds. */
const atOnce = 50

/** What goes to connections of API Gateway. */
export interface Posts {
  /** False where the connection is gone. An event that is too large goes as `stale`, and its client reads. */
  post(id: string, message: { text: string }): Promise<boolean>
  /** Says why, then ends it. */
  bye(id: string, code: CloseCode): Promise<void>
  close(): void
}

export const openPosts = ({
  endpoint,
  warn,
}: {
  endpoint: string
  warn(message: string, about: object): void
}): Posts => {
  // Loaded with the first post: most requests have nobody to tell.
  const open = async () => {
    const sdk = await import('@aws-sdk/client-apigatewaymanagementapi')
    const requestHandler = { connectionTimeout: 1000, socketTimeout: 2000 }
    return { ...sdk, client: new sdk.ApiGatewayManagementApiClient({ endpoint, maxAttempts: 2, requestHandler }) }
  }
  let opened: ReturnType<typeof open> | undefined
  const api = () => (opened ??= open())
  const post: Posts['post'] = async (id, { text }) => {
    const small = Buffer.byteLength(text) <= mostPost ? text : staleOf(text)
    try {
      const { client, PostToConnectionCommand } = await api()
      await client.send(new PostToConnectionCommand({ ConnectionId: id, Data: small }))
      return true
    } catch (error) {
      if ((error as Error).name === 'GoneException') return false
      // The client finds the hole, by the next seq or by its ping.
      warn('a frame could not be posted', { err: error })
      return true
    }
  }
  return {
    post,
    bye: async (id, code) => {
      const back = code === closeCodes.restarting || code === closeCodes.tooSlow
      await post(id, control('bye', { code, ...(back && { retryAfter: Math.round(Math.random() * 2000) }) }))
      const { client, DeleteConnectionCommand } = await api()
      await client.send(new DeleteConnectionCommand({ ConnectionId: id })).catch(() => undefined)
    },
    close: () => void opened?.then(({ client }) => client.destroy()),
  }
}

// What an event says at its top beside what happened: its seq, and on a socket over many rooms whose it is.
const staleOf = (text: string) => {
  const { type: _, payload: __, timestamp: ___, actorId: ____, ...about } = JSON.parse(text) as Record<string, unknown>
  return control('stale', about).text
}

/** Does work for each, fifty at a time. */
export const forEach = async <T>(items: readonly T[], work: (item: T) => Promise<void>) => {
  const queue = [...items]
  const lane = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, lane))
}
