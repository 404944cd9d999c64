import type { Field } from '@wealist/contract/board/custom-fields'
import type { FieldValue } from '@wealist/contract/board/tasks'
import { invalid } from '@wealist/kit/errors'
import type { Tx } from '@wealist/kit/tx'
import { date, id } from '@wealist/contract/fields'
import * as customFields from './custom-fields.sql.ts'
import * as labels from './labels.sql.ts'
import * as members from './members.sql.ts'

export interface Values {
  labelIds?: readonly string[] | undefined
  fields?: Readonly<Record<string, FieldValue | null>> | undefined
}

/** Refuses labels and values that the project does not have; what is accepted stays so until the transaction ends. */
export const checkValues = async (tx: Tx, projectId: string, { labelIds = [], fields = {} }: Values) => {
  const ids = Object.keys(fields)
  const defined = ids.length > 0 ? await customFields.hold(tx, { projectId, ids }) : []
  const found = labelIds.length > 0 ? await labels.hold(tx, { projectId, ids: labelIds }) : []
  const people = defined
    .flatMap((f) => (f.type === 'person' ? [fields[f.id]] : []))
    .filter(isId)
    .map(String)
  const present = people.length > 0 ? await members.hold(tx, { projectId, userIds: people }) : []
  const wrong = [
    ...labelIds.flatMap((id, i) =>
      found.includes(id) ? [] : [{ path: `labelIds.${i}`, message: 'is no label of this project' }],
    ),
    ...ids.flatMap((id) => {
      const message = faultOf(
        defined.find((f) => f.id === id),
        fields[id]!,
        present,
      )
      return message ? [{ path: `fields.${id}`, message }] : []
    }),
  ]
  if (wrong.length > 0) throw invalid(wrong)
}

const isId = (value: FieldValue | null | undefined) => id.safeParse(value).success

const faultOf = (
  field: Pick<Field, 'type' | 'options'> | undefined,
  value: FieldValue | null,
  present: readonly string[],
): string | undefined => {
  if (!field) return 'is no field of this project'
  if (value === null) return undefined
  const { type, options } = field
  if (type === 'number') return typeof value === 'number' ? undefined : 'must be a number'
  if (typeof value !== 'string') return 'must be a text'
  if (type === 'date' && !date.safeParse(value).success) return 'must be a date like 2026-01-31'
  if (type === 'select' && !options.some((o) => o.id === value)) return 'is no option of this field'
  if (type === 'person' && !present.includes(value)) return 'is nobody of this project'
  return undefined
}
