import type { FieldChange, FieldOption, GivenOption, NewField } from '@wealist/contract/board/custom-fields'
import { alreadyExists, conflict, invalid, notFound, stale } from '@wealist/kit/errors'
import { newId } from '@wealist/kit/ids'
import { constraintOf } from '@wealist/kit/sql-errors'
import type { Tx } from '@wealist/kit/tx'
import { change, see, topicOf } from './access.ts'
import * as customFields from './custom-fields.sql.ts'
import type { Ctx } from './deps.ts'
import * as projects from './projects.sql.ts'
import { rankAt } from './ranks.ts'
import * as gone from './values.gone.ts'

const most = 50

export const list = async (ctx: Ctx, projectId: string) => {
  const { scope, item } = await customFields.list(ctx.db, { projectId, userId: ctx.actor.id })
  await see(ctx, scope, 'project')
  return item
}

export const create = (ctx: Ctx, projectId: string, { position, ...input }: NewField) =>
  change(ctx, { via: 'project', id: projectId, least: 'admin' }, async (tx) => {
    // Of two first fields, which no lock of fields would keep apart, the second sees the first.
    if (!(await projects.lock(tx, projectId))) throw notFound('This project')
    const there = await customFields.lockAll(tx, projectId)
    if (there.length >= most) throw conflict(`A project has ${most} fields at most.`)
    const options = input.options.map(withId)
    const row = { ...input, id: newId(), projectId, options, rank: rankAt(there, position) }
    const field = await customFields.insert(tx, row).catch(taken)
    tx.emit(topicOf(projectId), 'field.created', field!)
    return field
  })

export const update = (
  ctx: Ctx,
  { id: projectId, fieldId: id }: { id: string; fieldId: string },
  { position, ...input }: FieldChange,
) =>
  change(ctx, { via: 'project', id: projectId, least: 'admin' }, async (tx) => {
    const all = await customFields.lockAll(tx, projectId)
    const was = all.find((f) => f.id === id)
    if (!was) throw notFound('This field')
    if (ctx.request.ifMatch !== undefined && ctx.request.ifMatch !== was.version) throw stale()
    const options = input.options && (await optionsOf(tx, { ...was, projectId }, input.options))
    const others = all.filter((f) => f.id !== id)
    const rank = position === undefined ? undefined : rankAt(others, position)
    const field = await customFields.update(tx, { id, name: input.name, options, rank }).catch(taken)
    tx.emit(topicOf(projectId), 'field.updated', field!)
    return field
  })

export const remove = (ctx: Ctx, { id: projectId, fieldId: id }: { id: string; fieldId: string }) =>
  change(ctx, { via: 'project', id: projectId, least: 'admin' }, async (tx) => {
    if (!(await customFields.lockAll(tx, projectId)).some((f) => f.id === id)) throw notFound('This field')
    await customFields.remove(tx, id)
    await gone.take(tx, { what: 'field', id, projectId, actorId: ctx.actor.id })
    return undefined
  })

const withId = ({ id = newId(), name, color }: GivenOption): FieldOption => ({ id, name, color })

// Under the lock of the field no task takes an option meanwhile.
const optionsOf = async (
  tx: Tx,
  { id, projectId, type, options: before }: { id: string; projectId: string; type: string; options: FieldOption[] },
  given: readonly GivenOption[],
) => {
  if (type !== 'select') throw invalid([{ path: 'options', message: 'are for a select' }])
  const strange = given.findIndex((o) => o.id !== undefined && !before.some((b) => b.id === o.id))
  if (strange >= 0) throw invalid([{ path: `options.${strange}.id`, message: 'is no option of this field' }])
  const after = given.map(withId)
  if (new Set(after.map((o) => o.id)).size < after.length)
    throw invalid([{ path: 'options', message: 'has an id twice' }])
  const lost = before.filter((b) => !after.some((o) => o.id === b.id)).map((b) => b.id)
  const n = lost.length > 0 ? await customFields.used(tx, { id, projectId, options: lost }) : 0
  if (n > 0)
    throw conflict(
      `${n} ${n === 1 ? 'task has' : 'tasks have'} an option that would be lost. Give them another one first.`,
    )
  return after
}

const taken = (error: unknown): never => {
  throw constraintOf(error) === 'fields_name' ? alreadyExists('There is a field of this name.') : error
}
