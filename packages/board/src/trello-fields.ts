import type { FieldOption, FieldType } from '@wealist/contract/board/custom-fields'
import type { TrelloBoard } from '@wealist/contract/board/trello'
import { newId } from '@wealist/kit/ids'
import { ranksBetween } from './ranks.ts'
import { colorOf, grey } from './trello-colors.ts'
import type { Report } from './trello-report.ts'
import { nameOf, unique } from './trello-text.ts'

const most = { fields: 50, options: 100 }
const types: Record<string, FieldType> = {
  text: 'text',
  number: 'number',
  date: 'date',
  list: 'select',
  checkbox: 'select',
}

export interface FieldRow {
  id: string
  name: string
  type: FieldType
  options: FieldOption[]
  rank: string
}

/** A field, and which of its options each of Trello's is; a checkbox is a choice of Yes and No. */
export interface MappedField extends FieldRow {
  optionOf: ReadonlyMap<string, string>
}
type Given = TrelloBoard['customFields'][number]

/** Fields by Trello's id, in their order. */
export const fieldsOf = ({ customFields }: TrelloBoard, report: Report): Map<string, MappedField> => {
  const taken = new Set<string>()
  const fields = new Map<string, MappedField>()
  const ranks = ranksBetween(null, null, most.fields)
  for (const given of customFields.toSorted((a, b) => a.pos - b.pos)) {
    const type = Object.hasOwn(types, given.type) ? types[given.type] : undefined
    if (!type || fields.size >= most.fields) {
      const reason = type ? 'a project has 50 fields at most' : 'its type is not known'
      report.skipped({ kind: 'field', name: given.name, reason })
      continue
    }
    const { name, whole } = nameOf(given.name, { max: 50, otherwise: 'Field' })
    const free = unique(name, taken, 50)
    if (whole) report.changed({ kind: 'field', name: whole, reason: 'its name was cut to 50 characters of one line' })
    else if (free !== name)
      report.changed({ kind: 'field', name, reason: 'another field has its name: it has a number now' })
    const { options, optionOf } = given.type === 'checkbox' ? yesOrNo() : optionsOf(given, report)
    fields.set(given.id, { id: newId(), name: free, type, options, optionOf, rank: ranks[fields.size]! })
  }
  return fields
}

const yesOrNo = () => {
  const options = [
    { id: newId(), name: 'Yes', color: '#4bce97' },
    { id: newId(), name: 'No', color: grey },
  ]
  return {
    options,
    optionOf: new Map([
      ['true', options[0]!.id],
      ['false', options[1]!.id],
    ]),
  }
}

const optionsOf = (field: Given, report: Report) => {
  const taken = new Set<string>()
  const optionOf = new Map<string, string>()
  const options: FieldOption[] = []
  if (field.type !== 'list') return { options, optionOf }
  for (const given of field.options.toSorted((a, b) => a.pos - b.pos)) {
    const called = `${field.name}: ${given.value.text}`
    if (options.length >= most.options) {
      report.skipped({ kind: 'field option', name: called, reason: 'a field has 100 options at most' })
      continue
    }
    const { name, whole } = nameOf(given.value.text, { max: 50, otherwise: 'Option' })
    if (whole)
      report.changed({ kind: 'field option', name: called, reason: 'its name was cut to 50 characters of one line' })
    const option = { id: newId(), name: unique(name, taken, 50), color: colorOf(given.color) ?? grey }
    options.push(option)
    optionOf.set(given.id, option.id)
  }
  return { options, optionOf }
}
