import type { LogLine } from '@wealist/contract/ops/logs'
import * as z from 'zod'

const Issues = z.array(z.object({ path: z.array(z.union([z.string(), z.number()])), message: z.string() }))

/** What a line says in a few words: a request by what was answered, a job by its name, and why it went wrong. */
export const saidBy = ({ message, fields }: Pick<LogLine, 'message' | 'fields'>): string => {
  const { method, route, status, ms, job } = fields
  const request = `${String(method)} ${String(route)} → ${String(status)} · ${String(ms)} ms`
  const what = message === 'request' ? request : typeof job === 'string' ? `${job}: ${message}` : message
  const reason = (fields['err'] as { message?: string } | undefined)?.message ?? fields['error']
  return reason ? `${what}: ${plain(String(reason))}` : what
}

// A value that does not fit its schema is told as JSON, of which a line shows only the beginning.
const plain = (reason: string) => {
  if (!reason.startsWith('[')) return reason
  try {
    return Issues.parse(JSON.parse(reason))
      .map(({ path, message }) => `${path.join('.')} ${message}`)
      .join(', ')
  } catch {
    return reason
  }
}
