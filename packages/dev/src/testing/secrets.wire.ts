import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import type { openSecrets } from './secrets.ts'

type Secrets = Pick<ReturnType<typeof openSecrets>, 'note' | 'hear'>

// In bodies, the names of fields; in addresses, of parameters.
const fields = /"(\w*password|\w*token|ticket|\w*secret|code|shareLink|x-amz-signature)":"((?:[^"\\]|\\.){8,})"/gi
const parameters = /[?&](ticket|token|code|state|x-amz-signature)=([^&#\s]{8,})/gi
// What of a header is secret.
const headers: Readonly<Record<string, RegExp>> = {
  authorization: /(?<=^Bearer )\S+/gi,
  cookie: /(?<==)[^;\s]+/g,
  'x-internal-api-key': /.+/g,
  'x-jwt-payload': /.+/g,
}
const most = 256 * 1024

/**
 * Notes what goes over the wire as a secret, by the name under which it goes, and hears every line that is logged: of all
 * that this process asks with `fetch`, of all that it is asked, and of every log in it.
 */
export const listenIn = ({ note, hear }: Secrets) => {
  const address = (path: string) => {
    for (const [, name, value] of path.matchAll(parameters)) note(name!, decodeURIComponent(value!))
  }
  const header = (name: string, value: string) => {
    const form = headers[name.toLowerCase()]
    if (form) for (const [secret] of value.matchAll(form)) note(name, secret)
  }
  const body = (chunk: Uint8Array) => {
    if (chunk.length > most) return
    for (const [, name, written] of Buffer.from(chunk).toString().matchAll(fields)) {
      const value = JSON.parse(`"${written!}"`) as string
      // An error has a code, too; operators read lines that were blanked; a share is a link that ends with its token; and
      // whoever tries everything tries ids as passwords, and what objects and functions have by themselves as anything.
      if (!(value in Function) && !/^([A-Z_]+|\[redacted\]|[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12})$/.test(value))
        note(name!, name === 'shareLink' ? value.split('/').at(-1)! : value)
    }
  }
  const on = <T>(channel: string, listener: (message: T) => void) =>
    subscribe(channel, (message) => listener(message as T))

  on<{ request: { path: string; headers: string[] } }>('undici:request:create', ({ request }) => {
    address(request.path)
    for (let i = 0; i + 1 < request.headers.length; i += 2) header(request.headers[i]!, request.headers[i + 1]!)
  })
  for (const way of ['Sent', 'Received'])
    on<{ chunk: Uint8Array }>(`undici:request:bodyChunk${way}`, ({ chunk }) => body(chunk))
  on<{ request: IncomingMessage }>('http.server.request.start', ({ request }) => {
    address(request.url ?? '')
    for (const [name, value] of Object.entries(request.headers)) header(name, String(value))
  })
  on<{ result: string }>('tracing:pino_asJson:end', ({ result }) => hear(result))
}
