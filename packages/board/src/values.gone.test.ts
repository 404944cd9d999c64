import { customFields, labels, tasks } from '@wealist/contract/board'
import { type BoardService, boardService } from '@wealist/dev/testing/board-service'
import { sql } from '@wealist/kit/sql'
import { afterAll, beforeAll, expect, test } from 'vitest'

let service: BoardService
beforeAll(async () => void (service = await boardService()))
afterAll(() => service.stop())

const alice: BoardService['as'] extends (p: never) => infer A ? A : never = (route, input, headers) =>
  service.as(service.people.alice)(route, input, headers)
/** A label and a field, with what takes each away, on so many tasks, some of them in the trash. */
const onTasks = async (many: number) => {
  const { id, boards } = await service.project()
  const label = await alice(labels.create, { params: { id }, body: { name: 'Bug' } })
  const field = await alice(customFields.create, { params: { id }, body: { name: 'Size', type: 'text' } })
  await service.rows(
    `insert into tasks (id, project_id, board_id, title, priority, status, rank, created_by, label_ids, fields, deleted_at)
      select gen_random_uuid(), $1, $2, 't', 'low', 'todo', 'b' || lpad(n::text, 6, '0'), $3, array[$4::uuid],
        jsonb_build_object($5::text, 'large'), case when n % 10 = 0 then now() end from generate_series(1, $6) n`,
    [id, boards[0]!.id, service.people.alice.id, label.id, field.id, many],
  )
  return {
    id,
    label: { id: label.id, remove: () => alice(labels.remove, { params: { id, labelId: label.id } }) },
    field: { id: field.id, remove: () => alice(customFields.remove, { params: { id, fieldId: field.id } }) },
  }
}

test.each(['label', 'field'] as const)(
  'a %s of more tasks than one transaction changes leaves them by and by, and is told gone again after what still showed it',
  async (what) => {
    const { id, [what]: gone } = await onTasks(2300)
    const having = async () =>
      service.rows<{ id: string }>(
        `select id from tasks where project_id = $1 and (label_ids::text || fields::text) like $2 order by deleted_at nulls first, id desc`,
        [id, `%${gone.id}%`],
      )
    await service.running.base.db.tx(async (tx) => {
      // The first of those that the request itself does not change.
      const next = sql`select id from tasks where project_id = ${id} order by id offset 1000 limit 1`
      await tx.run(sql`select from tasks where id = (${next}) for update`)
      await gone.remove()
      const [last, ...others] = await having()
      expect(others).toHaveLength(1299)
      await alice(tasks.update, { params: { id: last!.id }, body: { title: 'meanwhile' } })
    })
    await expect.poll(having, { timeout: 10_000 }).toEqual([])
    const parts = await service.rows<{ n: number }>(
      'select count(*)::int as n from tasks where project_id = $1 group by xmin order by min(xmin::text::bigint)',
      [id],
    )
    expect(parts.map(({ n }) => n)).toEqual([1000, 1000, 300])
    const told = await service.rows(
      `select type, actor_id as by, payload like $2 as names from kit.events
        where topic = $1 and type in ('task.updated', $3) order by seq`,
      [`project:${id}`, `%${gone.id}%`, `${what}.deleted`],
    )
    expect(told).toEqual(
      [`${what}.deleted`, 'task.updated', `${what}.deleted`].map((type) => ({
        type,
        by: service.people.alice.id,
        names: true,
      })),
    )
  },
)
