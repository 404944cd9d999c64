import { pino } from 'pino'

export type Log = pino.Logger

/**
 * Structured logs, a line an event, on standard output. What is secret never reaches it: requests are logged by their
 * route's pattern (no path parameter, no query), and these fields are blanked wherever they appear.
 */
export const openLog = ({
  service,
  level,
  stream,
}: {
  service: string
  level: string
  stream?: pino.DestinationStream
}): Log =>
  pino(
    {
      level,
      base: { service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secret.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[redacted]' },
    },
    stream ?? pino.destination({ fd: 1, sync: false }),
  )

const secret = ['password', 'token', 'accessToken', 'refreshToken', 'ticket', 'secret', 'authorization', 'cookie']
