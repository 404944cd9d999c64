import type { ExportedTask } from './search.sql.ts'

interface Column {
  id: string
  name: string
  options: { id: string; name: string }[]
}

/** By this Excel knows a file as UTF-8. */
export const bom = '\ufeff'

/** A line of RFC 4180. */
export const line = (cells: readonly (string | number | null)[]) => `${cells.map(cell).join(',')}\r\n`

export const header = (fields: readonly Column[]) =>
  line([
    ...['id', 'title', 'description', 'board', 'status', 'priority', 'dueDate', 'assigneeId', 'labels'],
    ...['createdBy', 'createdAt', 'updatedAt'],
    ...fields.map((field) => field.name),
  ])

/** A task under `header`: a choice by its name, a person by their id. */
export const row = (t: ExportedTask, fields: readonly Column[]) =>
  line([
    ...[t.id, t.title, t.description, t.board, t.status, t.priority, iso(t.dueDate), t.assigneeId, t.labels.join(', ')],
    ...[t.createdBy, iso(t.createdAt), iso(t.updatedAt)],
    ...fields.map(({ id, options }) => options.find((o) => o.id === t.fields[id])?.name ?? t.fields[id] ?? null),
  ])

const iso = (time: string | null) => (time === null ? null : new Date(time).toISOString())

// Spreadsheets run what begins like a formula, also after blanks and in full-width signs; numbers are numbers.
const cell = (value: string | number | null) => {
  if (value === null) return ''
  if (typeof value === 'number') return String(value)
  const safe = /^\s*[=+\-@＝＋－＠]|^[\t\r\n]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
