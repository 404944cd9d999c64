import { most, type TrelloKind, type TrelloReport } from '@wealist/contract/board/trello'

export interface Finding {
  kind: TrelloKind
  name: string
  reason: string
  count?: number
}

const noted = () => {
  const counts = new Map<string, { kind: TrelloKind; reason: string; count: number }>()
  const items: { kind: TrelloKind; name: string; reason: string }[] = []
  let total = 0
  return {
    add: ({ kind, name, reason, count = 1 }: Finding) => {
      if (count === 0) return
      const key = `${kind}\n${reason}`
      const known = counts.get(key)
      if (known) known.count += count
      else counts.set(key, { kind, reason, count })
      total += count
      if (items.length < most.skipped) items.push({ kind, name: name.slice(0, 100).toWellFormed(), reason })
    },
    all: () => ({ total, counts: [...counts.values()], items }),
  }
}

/** What is not taken over (`skipped`), and what is, but not as it was (`changed`). */
export const openReport = () => {
  const changed = noted()
  const skipped = noted()
  return {
    changed: changed.add,
    skipped: skipped.add,
    end: (imported: TrelloReport['imported']): TrelloReport => ({
      imported,
      changed: changed.all(),
      skipped: skipped.all(),
    }),
  }
}
export type Report = ReturnType<typeof openReport>
