import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe } from 'node:diagnostics_channel'
import type { ServerResponse } from 'node:http'
import type { Statement } from '@wealist/kit/statement'

// Jobs, sweeps and the directory ask PostgreSQL beside the requests, whenever their time comes.
const request = new AsyncLocalStorage<{ answered: boolean }>()
subscribe('http.server.request.start', (message) => {
  const state = { answered: false }
  request.enterWith(state)
  ;(message as { response: ServerResponse }).response.once('finish', () => void (state.answered = true))
})

// A commit may start these before its answer is out.
const started = /graphile|outbox|kit\.crons/

export type Asked = Pick<Statement, 'text' | 'values'>

/** Keeps the statements of HTTP requests, from their start to the end of their answer. */
export const ofRequests = () => {
  const statements: Asked[] = []
  const observe = ({ text, values }: Asked) => {
    if (request.getStore()?.answered === false && !started.test(text)) statements.push({ text, values })
  }
  return { statements, observe }
}
