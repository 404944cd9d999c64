/** A line of this process's log, as it is told at the metrics port. */
export interface RecentLine {
  /** Rises with the lines of one process; with `at` it orders the lines of all. */
  id: string
  at: string
  level: string
  message: string
  requestId: string | null
  fields: Record<string, unknown>
}

export interface RecentQuery {
  /** The least level: debug, info, warn, error, fatal. */
  level: string
  /** A text that the line contains, in either case. */
  q?: string | undefined
  /** Only lines older than this one. */
  before?: { at: string; id: string } | undefined
  limit: number
}

export interface Recent {
  write(line: string): void
  /** Newest first. */
  read(query: RecentQuery): RecentLine[]
}

const levels = ['debug', 'info', 'warn', 'error', 'fatal']
const longest = 16_384

/** The last `keep` lines of a service's log in memory, for a fleet that has no Loki. */
export const openRecent = (service: string, keep: number): Recent => {
  const boot = `${service}-${Date.now().toString(36)}${process.pid.toString(36)}`
  const lines: string[] = []
  let written = 0
  return {
    write: (line) => {
      if (keep === 0) return
      // A ring: the place of a line follows from its number.
      lines[written++ % keep] = line.length > longest ? cut(line) : line
    },
    read: ({ level, q, before, limit }) => {
      const found: RecentLine[] = []
      const least = levels.indexOf(level)
      const wanted = q?.toLowerCase()
      const oldest = Math.max(0, written - keep)
      for (let n = written - 1; n >= oldest && found.length < limit; n--) {
        const line = lines[n % keep]!
        if (levels.indexOf(/^\{"level":"(\w+)"/.exec(line)?.[1] ?? '') < least) continue
        if (wanted && !line.toLowerCase().includes(wanted)) continue
        const read = lineOf(line, `${boot}-${String(n).padStart(10, '0')}`)
        if (!before || read.at < before.at || (read.at === before.at && read.id < before.id)) found.push(read)
      }
      return found
    },
  }
}

interface Said {
  level: string
  time: string
  service?: string
  msg?: string
  requestId?: string
}

const lineOf = (line: string, id: string): RecentLine => {
  const { level, time, msg, requestId, service: _, ...fields } = JSON.parse(line) as Said
  return { id, at: time, level, message: msg ?? '', requestId: requestId ?? null, fields }
}

// What is too long to be kept whole keeps its beginning, as a line that can still be read.
const cut = (line: string) => {
  const { level, time, service, msg, requestId } = JSON.parse(line) as Record<string, unknown>
  return JSON.stringify({ level, time, service, requestId, msg, cut: line.slice(0, longest / 2) })
}
