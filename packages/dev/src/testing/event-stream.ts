/** A server-sent event as it came. `data` is parsed. */
export interface ServerEvent {
  event: string
  id: number | undefined
  data: { type: string; seq?: number; payload?: never }
}

const parse = (block: string): { event?: ServerEvent; retry?: number } => {
  const fields = new Map<string, string>()
  for (const line of block.split('\n')) {
    const at = line.indexOf(': ')
    if (at > 0) fields.set(line.slice(0, at), line.slice(at + 2))
  }
  const number = (name: string) => (fields.has(name) ? Number(fields.get(name)) : undefined)
  const event = fields.get('event')
  return {
    ...(fields.has('retry') && { retry: number('retry')! }),
    ...(event !== undefined && {
      event: { event, id: number('id'), data: JSON.parse(fields.get('data')!) as ServerEvent['data'] },
    }),
  }
}

export type EventStream = Awaited<ReturnType<typeof openEvents>>

/** Reads a stream of server-sent events, as our own client does: by `fetch`. */
export const openEvents = async (
  url: string,
  headers: Record<string, string>,
  heard: (event: ServerEvent) => void = () => undefined,
) => {
  const abort = new AbortController()
  const response = await fetch(url, { headers, signal: abort.signal })
  const events: ServerEvent[] = []
  const waiting = new Set<() => void>()
  const state = { text: '', retry: undefined as number | undefined, over: false }
  const wake = () => {
    for (const look of waiting) look()
  }
  const take = (block: string) => {
    const { event, retry } = parse(block)
    if (retry !== undefined) state.retry = retry
    if (!event) return
    events.push(event)
    heard(event)
  }
  const read = async () => {
    let rest = ''
    const decoder = new TextDecoder()
    try {
      for await (const chunk of response.body ?? []) {
        const text = decoder.decode(chunk as Uint8Array, { stream: true })
        state.text += text
        const blocks = (rest + text).split('\n\n')
        rest = blocks.pop()!
        blocks.forEach(take)
        wake()
      }
    } catch {
      // Gone: who wants to know waits for `ended`.
    }
    state.over = true
    wake()
  }
  const ended = read()
  return {
    status: response.status,
    headers: response.headers,
    events,
    /** The text as it came. */
    get text() {
      return state.text
    },
    /** Milliseconds that the stream told to wait before coming back. */
    get retry() {
      return state.retry
    },
    get over() {
      return state.over
    },
    /** The first event that fits, now or within `ms`. */
    find: (fits: (event: ServerEvent) => boolean, ms = 10_000) =>
      new Promise<ServerEvent>((resolve, reject) => {
        const late = setTimeout(() => done(new Error(`no such event in ${ms} ms, but ${state.text.slice(-2000)}`)), ms)
        const done = (outcome: ServerEvent | Error) => {
          clearTimeout(late)
          waiting.delete(look)
          if (outcome instanceof Error) reject(outcome)
          else resolve(outcome)
        }
        const look = () => {
          const found = events.find(fits)
          if (found) done(found)
          else if (state.over) done(new Error(`the stream ended: ${state.text.slice(-2000)}`))
        }
        waiting.add(look)
        look()
      }),
    ended,
    close: () => {
      abort.abort()
      return ended
    },
  }
}
