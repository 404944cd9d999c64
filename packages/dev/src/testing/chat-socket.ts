import { newId } from '@wealist/kit/ids'

/** A frame as a client gets it. */
export interface Heard {
  type: string
  seq?: number
  chatId?: string
  payload: Record<string, unknown>
}

/** A client of one of chat's sockets: keeps what it hears, and waits for what a test looks for. */
export const openSocket = async (url: string, headers: Record<string, string> = {}) => {
  const socket = new WebSocket(url.replace('http', 'ws'), { headers } as never)
  const heard: Heard[] = []
  const state = { code: undefined as number | undefined }
  const waiting = new Set<() => void>()
  const wake = () => {
    for (const look of [...waiting]) look()
  }
  socket.addEventListener('message', ({ data }) => {
    heard.push(JSON.parse(String(data)) as Heard)
    wake()
  })
  socket.addEventListener('close', ({ code }) => {
    state.code = code
    wake()
  })
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve())
    socket.addEventListener('error', () => reject(new Error('the socket did not open')))
  })
  const send = (type: string, payload?: object) => socket.send(JSON.stringify({ type, ...(payload && { payload }) }))
  /** The first frame that fits, heard before or within the time. */
  const next = (fits: (frame: Heard) => boolean, ms = 5000) =>
    new Promise<Heard>((resolve, reject) => {
      const timer = setTimeout(() => done(), ms)
      const look = () => {
        const found = heard.find(fits)
        if (found) done(found)
      }
      const done = (found?: Heard) => {
        clearTimeout(timer)
        waiting.delete(look)
        if (found) resolve(found)
        else reject(new Error(`not heard within ${ms} ms; heard ${JSON.stringify(heard.slice(-5))}`))
      }
      waiting.add(look)
      look()
    })
  return {
    heard,
    send,
    next,
    raw: socket,
    type: (type: string, ms?: number) => next((f) => f.type === type, ms),
    /** Says something and gives its ack, or the error that names it. */
    say: async (content: string, more: { chatId?: string; clientId?: string } = {}) => {
      const clientId = more.clientId ?? newId()
      send('message', { clientId, content, messageType: 'text', ...(more.chatId && { chatId: more.chatId }) })
      return next((f) => (f.type === 'ack' || f.type === 'error') && f.payload['clientId'] === clientId)
    },
    get code() {
      return state.code
    },
    closed: (ms = 5000) =>
      new Promise<number>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error('still open')), ms)
        const look = () => {
          if (state.code === undefined) return
          clearTimeout(timer)
          waiting.delete(look)
          // Where the transport has no codes of its own, `bye` said it.
          const bye = heard.findLast((f) => f.type === 'bye')
          resolve(bye ? (bye.payload['code'] as number) : state.code)
        }
        waiting.add(look)
        look()
      }),
    close: () => socket.close(),
  }
}
export type ChatSocket = Awaited<ReturnType<typeof openSocket>>
