import { attachments, checklist, comments, events, members, projects, tasks } from '@wealist/contract/board'
import type { Attachment } from '@wealist/contract/board/attachments'
import type { Board } from '@wealist/contract/board/boards'
import type { ChecklistItem } from '@wealist/contract/board/checklist'
import type { Comment } from '@wealist/contract/board/comments'
import type { Field } from '@wealist/contract/board/custom-fields'
import type { ProjectEvent } from '@wealist/contract/board/events'
import type { Label } from '@wealist/contract/board/labels'
import type { ProjectMember } from '@wealist/contract/board/members'
import type { Project } from '@wealist/contract/board/projects'
import type { Task } from '@wealist/contract/board/tasks'
import { openCursor } from '@wealist/kit/live/cursor'
import type { Ask } from './one-service.ts'

interface State {
  project: Project | undefined
  boards: Map<string, Board>
  tasks: Map<string, Task>
  members: Map<string, ProjectMember>
  labels: Map<string, Label>
  fields: Map<string, Field>
  comments: Map<string, Comment>
  checklist: Map<string, ChecklistItem>
  attachments: Map<string, Attachment>
}
const empty = (): State => ({
  project: undefined,
  boards: new Map(),
  tasks: new Map(),
  members: new Map(),
  labels: new Map(),
  fields: new Map(),
  comments: new Map(),
  checklist: new Map(),
  attachments: new Map(),
})

export type ProjectListener = ReturnType<typeof listen>

interface Listening {
  ask: Ask
  url: string
  headers: Record<string, string>
  projectId: string
}

/** What a front end does with a project's socket: a state that was read once and then lives on events alone. */
export const listen = ({ ask, url, headers, projectId }: Listening) => {
  const heard: ProjectEvent[] = []
  const frame = (data: unknown) => {
    const said = events.Outgoing.parse(JSON.parse(String(data)))
    if (said.type === 'ready') now.ready = true
    cursor.frame(said)
  }
  const now = { state: empty(), code: undefined as number | undefined, resets: 0, ready: false }
  let socket: WebSocket
  const send = (type: string, payload: object) => socket.send(JSON.stringify({ type, payload }))
  const cursor = openCursor<ProjectEvent>({
    apply: (event) => {
      heard.push(event)
      apply(now.state, event)
    },
    resume: (from) => send('resume', from),
    reset: () => void now.resets++,
  })
  const open = async () => {
    Object.assign(now, { code: undefined, ready: false })
    socket = new WebSocket(`${url.replace('http', 'ws')}/ws/project/${projectId}`, { headers } as never)
    socket.addEventListener('message', ({ data }) => frame(data))
    socket.addEventListener('close', ({ code }) => {
      cursor.closed()
      now.code = code
    })
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener('open', () => resolve())
      socket.addEventListener('error', () => reject(new Error('the socket did not open')))
    })
    cursor.open()
  }
  return {
    /** The events since the state was read. */
    heard,
    open,
    /** Whether the socket hands out what happens from now on. */
    get ready() {
      return now.ready
    },
    /** Reads the state while others write, answer by answer; what came meanwhile is brought by the events. */
    read: async () => {
      const { state, seq } = await readState(ask, projectId)
      now.state = state
      heard.length = 0
      cursor.startAt(seq)
    },
    get state() {
      return shown(now.state)
    },
    get seq() {
      return cursor.position.after
    },
    /** The code the socket was closed with. */
    get code() {
      return now.code
    },
    get resets() {
      return now.resets
    },
    close: () => socket.close(),
  }
}

/** Every task of a board in its order, page by page; `seen` is told the seq of each. */
export const tasksOf = async (ask: Ask, boardId: string, limit: number, seen?: (seq: number) => void) => {
  const items: Task[] = []
  let cursor: string | undefined
  do {
    const page = await ask(tasks.list, { params: { id: boardId }, query: { limit, ...(cursor && { cursor }) } })
    seen?.(page.seq)
    items.push(...page.items)
    cursor = page.nextCursor ?? undefined
  } while (cursor)
  return items
}

/** A state made of several answers: the lowest of their seqs is its base. */
const readState = async (ask: Ask, projectId: string) => {
  const detail = await ask(projects.get, { params: { id: projectId } })
  const { boards: columns, labels, fields, seq, myRole: _, ...project } = detail
  const state: State = {
    ...empty(),
    project,
    boards: new Map(columns.map((b) => [b.id, b])),
    labels: new Map(labels.map((l) => [l.id, l])),
    fields: new Map(fields.map((f) => [f.id, f])),
  }
  let base = seq
  const seen = (at: number) => void (base = Math.min(base, at))
  const people = await ask(members.list, { params: { id: projectId }, query: { limit: 100 } })
  seen(people.seq)
  for (const member of people.items) state.members.set(member.userId, member)
  for (const { id } of columns)
    // A board may go while it is read: its tasks come by events then.
    for (const task of await tasksOf(ask, id, 3, seen).catch(() => [])) state.tasks.set(task.id, task)
  for (const task of state.tasks.values()) {
    // What a task does not have at its seq it gets by events; one that goes while it is read has none.
    const params = { id: task.id }
    const files = task.counts.attachments > 0 && (await ask(attachments.list, { params }).catch(() => undefined))
    for (const file of (files && files.items) || []) state.attachments.set(file.id, file)
    const steps = task.counts.checklist > 0 && (await ask(checklist.list, { params }).catch(() => undefined))
    for (const step of (steps && steps.items) || []) state.checklist.set(step.id, step)
    // Marks of deleted comments are not counted.
    const query = { limit: 100 }
    const said = await ask(comments.list, { params, query }).catch(() => undefined)
    for (const comment of said?.items ?? []) state.comments.set(comment.id, comment)
  }
  return { state, seq: base }
}

const put = <T extends { id: string; version: number }>(rows: Map<string, T>, row: T) => {
  if ((rows.get(row.id)?.version ?? 0) <= row.version) rows.set(row.id, row)
}

// The whole of what a client has to know: a row takes the place of the one with its id, unless that one is newer; counts
// are their task's; what is gone is gone from where it was used.
const apply = (state: State, event: ProjectEvent) => {
  const { type, payload } = event
  if (payload === null) return
  if ('counts' in payload && 'taskId' in payload) {
    const task = state.tasks.get(payload.taskId)
    if (task) state.tasks.set(task.id, { ...task, counts: payload.counts })
  }
  if (type === 'project.updated') {
    if ((state.project?.version ?? 0) <= payload.version) state.project = payload
  } else if (type === 'project.deleted') Object.assign(state, empty())
  else if (type === 'board.deleted') state.boards.delete(payload.id)
  else if (type === 'board.created' || type === 'board.updated') put(state.boards, payload)
  else if (type === 'task.deleted') state.tasks.delete(payload.id)
  else if (type === 'member.removed') state.members.delete(payload.userId)
  else if (type === 'member.added' || type === 'member.updated') state.members.set(payload.userId, payload)
  else if (type === 'label.created' || type === 'label.updated') put(state.labels, payload)
  else if (type === 'label.deleted') {
    state.labels.delete(payload.id)
    for (const task of state.tasks.values()) task.labelIds = task.labelIds.filter((id) => id !== payload.id)
  } else if (type === 'field.created' || type === 'field.updated') put(state.fields, payload)
  else if (type === 'field.deleted') {
    state.fields.delete(payload.id)
    for (const task of state.tasks.values()) delete task.fields[payload.id]
  } else if (type === 'comment.created' || type === 'comment.deleted') put(state.comments, bare(payload))
  else if (type === 'comment.updated') put(state.comments, payload)
  else if (type === 'checklist.created' || type === 'checklist.updated') put(state.checklist, bare(payload))
  else if (type === 'checklist.deleted') state.checklist.delete(payload.id)
  else if (type === 'attachment.created') state.attachments.set(payload.id, bare(payload))
  else if (type === 'attachment.deleted') state.attachments.delete(payload.id)
  else put(state.tasks, payload)
}
const bare = <T extends { counts: unknown }>(counted: T) => {
  const { counts: _, ...row } = counted
  return row
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
const inOrder = <T extends { id: string; rank: string }>(rows: Iterable<T>) =>
  [...rows].toSorted((a, b) => compare(a.rank, b.rank) || compare(a.id, b.id))
// As a page shows it: columns in order, each with its tasks in order.
const shown = ({
  project,
  boards: columns,
  tasks: cards,
  members: people,
  labels,
  fields,
  attachments: files,
  comments: said,
  checklist: steps,
}: State) => ({
  project,
  columns: inOrder(columns.values()).map((column) => ({
    ...column,
    tasks: inOrder([...cards.values()].filter((t) => t.boardId === column.id)),
  })),
  homeless: [...cards.values()].filter((t) => !columns.has(t.boardId)).map((t) => t.id),
  members: [...people.values()].toSorted((a, b) => compare(a.userId, b.userId)),
  attachments: byId([...files.values()].filter((a) => cards.has(a.taskId))),
  comments: byId([...said.values()].filter((c) => cards.has(c.taskId))),
  checklist: inOrder([...steps.values()].filter((c) => cards.has(c.taskId))),
  labels: byId(labels.values()),
  fields: inOrder(fields.values()),
})
const byId = <T extends { id: string }>(rows: Iterable<T>) => [...rows].toSorted((a, b) => compare(a.id, b.id))

/** The same, read now by somebody who heard nothing. */
export const freshState = async (ask: Ask, projectId: string) => shown((await readState(ask, projectId)).state)
