import { unavailable } from '@wealist/kit/errors'
import type * as z from 'zod'

/** What ops asks over HTTP: a bounded time, a bounded answer. */
export interface Outside {
  /** The text of an answer, whatever its status. Throws what went wrong as a sentence. */
  text(url: string, options?: Options): Promise<{ status: number; text: string }>
  /** The JSON of a 200 as the schema reads it; 503 naming `what` where that fails. */
  json<S extends z.ZodType>(what: string, url: string, schema: S, options?: Options): Promise<z.output<S>>
}
interface Options {
  token?: string | undefined
  ms?: number
}

const most = 8 * 1024 * 1024

export const openOutside = (): Outside => {
  const text: Outside['text'] = async (url, { token, ms = 1500 } = {}) => {
    const response = await fetch(url, {
      signal: AbortSignal.timeout(ms),
      redirect: 'error',
      ...(token && { headers: { authorization: `Bearer ${token}` } }),
    }).catch((error: unknown) => Promise.reject(new Error(reasonOf(error, ms))))
    const chunks: Uint8Array[] = []
    let size = 0
    try {
      for await (const chunk of response.body ?? []) {
        size += chunk.length
        if (size > most) throw new Error('its answer is too long')
        chunks.push(chunk)
      }
    } catch (error) {
      throw new Error(reasonOf(error, ms), { cause: error })
    }
    return { status: response.status, text: Buffer.concat(chunks).toString() }
  }
  return {
    text,
    json: async (what, url, schema, options) => {
      try {
        const answer = await text(url, options)
        if (answer.status !== 200) throw new Error(`it answered ${answer.status}`)
        return schema.parse(JSON.parse(answer.text))
      } catch (error) {
        throw Object.assign(unavailable(`${what} could not be asked: ${reasonOf(error, options?.ms ?? 1500)}.`), {
          cause: error,
        })
      }
    },
  }
}

/** Why something did not answer, for a person. */
export const reasonOf = (error: unknown, ms: number): string => {
  const { name, message, code, cause } = error as Error & { code?: string }
  if (name === 'TimeoutError' || name === 'AbortError') return `no answer within ${ms / 1000} s`
  const behind = cause as { code?: string; message?: string } | undefined
  const why = code ?? behind?.code
  if (why === 'ECONNREFUSED') return 'nobody listens there (ECONNREFUSED)'
  if (why === 'ENOTFOUND' || why === 'EAI_AGAIN') return `its name does not resolve (${why})`
  if (name === 'ZodError' || name === 'SyntaxError') return 'its answer is not what was expected'
  return why ?? behind?.message ?? message
}
