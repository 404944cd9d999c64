import { execFile, execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { queryable, type Queryable } from '@wealist/kit/sql'
import pg from 'pg'
import type { Contestant } from './compare.ts'
import type { Lab } from './lab.ts'

export const hasPgbench = () => {
  try {
    execFileSync('pgbench', ['--version'])
    return true
  } catch {
    return false
  }
}

/** The statement that a read of ours sends, with its values written into it. */
export const statementOf = async (read: (db: Queryable) => Promise<unknown>): Promise<string> => {
  let text = ''
  const db = queryable(async (config) => {
    text = config.text.replace(/\$(\d+)/g, (_, n: string) => literal(config.values[Number(n) - 1]))
    throw new Error('seen')
  })
  await read(db).catch(() => undefined)
  return text
}

const literal = (value: unknown): string =>
  value === null || value === undefined
    ? 'null'
    : typeof value === 'number' || typeof value === 'boolean'
      ? String(value)
      : pg.escapeLiteral(Array.isArray(value) ? `{${value.join()}}` : String(value))

// A statement of one line, or several that end with a semicolon.
const lines = (text: string) => (text.endsWith(';') ? text : `${text.replaceAll(/\s*\n\s*/g, ' ')};`)

/** The limit: statements that PostgreSQL answers a second when nothing stands before it, over as many connections as a pool has. */
export const pgbench = (
  { dir, databases }: Lab,
  {
    database,
    script,
    seconds,
    clients = 10,
  }: { database: keyof Lab['databases']; script: string | string[]; seconds: number; clients?: number },
): Contestant[] => {
  if (!hasPgbench()) return []
  const files = [script].flat().map(() => join(dir, `${Math.random().toString(36).slice(2)}.sql`))
  const written = Promise.all([script].flat().map((text, i) => writeFile(files[i]!, lines(text))))
  const round = async () => {
    await written
    const args = [
      '-n',
      '-M',
      'prepared',
      '-c',
      String(clients),
      '-j',
      '1',
      '-T',
      String(seconds),
      ...files.flatMap((file) => ['-f', file]),
      databases[database],
    ]
    const { stdout } = await promisify(execFile)('pgbench', args)
    const [, rate] = /tps = ([\d.]+) \(without/.exec(stdout) ?? []
    if (!rate) throw new Error(`pgbench said nothing of its rate: ${stdout}`)
    return { requests: Number(rate) }
  }
  return [{ name: 'pgbench', kind: 'limit', round }]
}
