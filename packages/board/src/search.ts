import type { search as api } from '@wealist/contract/board'
import type { PageRequest } from '@wealist/kit/page'
import type { Input } from '@wealist/contract/route'
import { see } from './access.ts'
import { bom, header, line, row } from './csv.ts'
import type { Ctx } from './deps.ts'
import * as search from './search.sql.ts'

type Query = Input<typeof api.list>['query']

const most = { rows: 10_000, bytes: 4_000_000, page: 500 }

export const list = async (ctx: Ctx, { id, query, page }: { id: string; query: Query; page: PageRequest }) => {
  const wanted = searchOf(ctx, id, query)
  if (query.format === 'csv') return file(ctx, wanted)
  const { scope, page: answer } = await search.list(ctx.db, { search: wanted, page })
  await see(ctx, scope, 'project')
  return answer
}

const searchOf = (ctx: Ctx, projectId: string, { sort, assigneeId, ...filter }: Query): search.Search => ({
  projectId,
  userId: ctx.actor.id,
  filter: { ...filter, assigneeId: assigneeId === 'me' ? ctx.actor.id : assigneeId === 'none' ? null : assigneeId },
  order: sort.replace('-', '') as search.Search['order'],
  descending: sort.startsWith('-'),
})

// A page at a time, read when the client has taken the one before, and shown to who may see it then: a reader who takes
// their time may have been removed or signed out meanwhile. The body fails under them, or a part would pass for the file.
const file = async (ctx: Ctx, wanted: search.Search) => {
  const pageAfter = async (after: readonly string[] | null) => {
    const page = await search.lines(ctx.db, { search: wanted, after, limit: most.page })
    await Promise.all([see(ctx, page.scope, 'project'), ctx.auth.admit(ctx.actor)])
    return page
  }
  const first = await pageAfter(null)
  const fields = await search.fieldsOf(ctx.db, wanted.projectId)

  const pieces = async function* () {
    yield bom + header(fields)
    let [rows, bytes] = [0, 0]
    for (let page = first; ; page = await pageAfter(page.last)) {
      let piece = ''
      for (const task of page.tasks) {
        const next = row(task, fields)
        bytes += Buffer.byteLength(next)
        if (rows === most.rows || bytes > most.bytes) {
          yield piece + line([`This file ends after ${rows} tasks, there are more: narrow the filter.`])
          return
        }
        rows++
        piece += next
      }
      yield piece
      if (!page.last) return
    }
  }
  const encoder = new TextEncoder()
  const text = pieces()
  const body = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const { value, done } = await text.next()
        if (done) controller.close()
        else controller.enqueue(encoder.encode(value))
      },
      cancel: async () => void (await text.return()),
    },
    { highWaterMark: 0 },
  )
  return new Response(body, {
    headers: {
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': `attachment; filename="tasks-${wanted.projectId}.csv"`,
    },
  })
}
