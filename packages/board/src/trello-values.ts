import type { FieldValue } from '@wealist/contract/board/tasks'
import type { TrelloBoard } from '@wealist/contract/board/trello'
import type { MappedField } from './trello-fields.ts'
import type { Report } from './trello-report.ts'
import { cut } from './trello-text.ts'

type Card = TrelloBoard['cards'][number]
type Item = Card['customFieldItems'][number]

/** The values of a card by field, and texts that are too long for one, to be kept elsewhere. */
export const valuesOf = (card: Card, fields: ReadonlyMap<string, MappedField>, report: Report) => {
  const values: Record<string, FieldValue> = {}
  const notes: string[] = []
  for (const item of card.customFieldItems) {
    const field = fields.get(item.idCustomField)
    const skip = (reason: string) =>
      report.skipped({ kind: 'field value', name: field ? `${card.name}: ${field.name}` : card.name, reason })
    if (!field) skip('the field is not in the export, or was not kept')
    else if (Object.hasOwn(values, field.id)) skip('the card has another value of the field')
    else {
      const value = valueOf(item, field)
      if (value === undefined) skip(`is no ${field.type === 'select' ? 'option' : field.type} that can be kept`)
      else if (typeof value === 'string' && value.length > 2000) {
        values[field.id] = cut(value, 2000)
        notes.push(`${field.name}: ${value}`)
        report.changed({
          kind: 'field value',
          name: card.name,
          reason: 'cut to 2,000 characters; whole in the description',
        })
      } else values[field.id] = value
    }
  }
  return { values, notes }
}

const valueOf = ({ idValue, value }: Item, { type, optionOf }: MappedField): FieldValue | undefined => {
  if (type === 'select') return optionOf.get(idValue ?? value?.checked ?? '')
  if (type === 'text') return value?.text || undefined
  if (type === 'number') return numberOf(value?.number)
  const at = new Date(value?.date ?? '')
  const date = Number.isNaN(at.getTime()) ? '' : at.toISOString().slice(0, 10)
  return /^\d{4}-/.test(date) ? date : undefined
}

const numberOf = (text = '') => (text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : undefined)
