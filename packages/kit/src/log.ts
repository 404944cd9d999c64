import { pino } from 'pino'
import type { Recent } from './recent.ts'

export type Log = pino.Logger

/**
 * Structured logs, a line an event, on standard output. What is secret never reaches it: requests are logged by their
 * route's pattern (no path parameter, no query), and these fields are blanked wherever they appear.
 */
export const openLog = ({
  service,
  level,
  stream = pino.destination({ fd: 1, sync: false }),
  recent,
}: {
  service: string
  level: string
  stream?: pino.DestinationStream | undefined
  /** Gets every line, too. */
  recent?: Recent
}): Log =>
  pino(
    {
      level,
      base: { service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secret.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[redacted]' },
    },
    recent ? both(stream, recent) : stream,
  )

const both = (stream: pino.DestinationStream, recent: Recent) => ({
  write: (line: string) => {
    recent.write(line)
    stream.write(line)
  },
})

const secret = ['password', 'token', 'accessToken', 'refreshToken', 'ticket', 'secret', 'authorization', 'cookie']
