import { pino, stdSerializers } from 'pino'
import { codeOf } from './errors.ts'
import type { Recent } from './recent.ts'

export type Log = pino.Logger

/**
 * Structured logs, a line an event, on standard output. What is secret never reaches it: requests are logged by their
 * route's pattern (no path parameter, no query), these fields are blanked wherever they appear, and an error tells what
 * failed without the arguments of the Redis command or the row of PostgreSQL that it failed with.
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
      serializers: { err: withoutData },
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

interface Said {
  command?: { name: string }
  detail?: string
  stack?: string
}

const withoutData = (error: unknown) => {
  const said: unknown = stdSerializers.err(error as Error)
  if (typeof said !== 'object' || said === null) return said
  const { command, detail: _, stack, ...rest } = said as Said
  // What is away is away for everybody who asks: its message, which tells the cause too, and not where each one asked.
  const where = codeOf(error) === 'UNAVAILABLE' ? undefined : stack
  return { ...rest, ...(where && { stack: where }), ...(command && { command: command.name }) }
}

const secret = ['password', 'token', 'accessToken', 'refreshToken', 'ticket', 'secret', 'authorization', 'cookie']
