import type { IncomingMessage, ServerResponse } from 'node:http'

/** After the head of a streamed response come eight zeros, then its body. */
const end = Buffer.alloc(8)

/** Passes a function's streamed response on: its head as JSON first, then the body as it comes. */
export const piped = async (from: IncomingMessage, response: ServerResponse) => {
  let head: Buffer | undefined = Buffer.alloc(0)
  // When the client goes, the function is told nothing: what it writes then disappears.
  for await (const chunk of from) {
    if (head === undefined) {
      if (!response.destroyed && !response.write(chunk)) await drained(response)
      continue
    }
    head = Buffer.concat([head, chunk as Buffer])
    const at = head.indexOf(end)
    if (at < 0) continue
    const { statusCode = 200, headers = {}, cookies } = JSON.parse(head.subarray(0, at).toString()) as Head
    if (cookies) response.setHeader('set-cookie', cookies)
    response.writeHead(statusCode, headers)
    response.flushHeaders()
    const rest = head.subarray(at + end.length)
    if (rest.length > 0) response.write(rest)
    head = undefined
  }
  response.end()
}

interface Head {
  statusCode?: number
  headers?: Record<string, string>
  cookies?: string[]
}

const drained = (response: ServerResponse) =>
  new Promise<void>((resolve) => {
    const go = () => {
      response.off('drain', go).off('close', go)
      resolve()
    }
    response.on('drain', go).on('close', go)
  })
