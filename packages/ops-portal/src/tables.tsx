import { Button, Group, Table } from '@mantine/core'
import type { UseInfiniteQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { type Key, useText } from './i18n.ts'

/** The head of a table: a word a column; `children` come after them. */
export const Heads = ({ of, children }: { of: readonly Key[]; children?: ReactNode }) => {
  const { t } = useText()
  return (
    <Table.Thead>
      <Table.Tr>
        {of.map((key) => (
          <Table.Th key={key} scope="col">
            {t(key)}
          </Table.Th>
        ))}
        {children}
      </Table.Tr>
    </Table.Thead>
  )
}

/** Asks for the next page of a list; nothing after the last one. */
export const More = ({ query }: { query: UseInfiniteQueryResult }) => {
  const { t } = useText()
  return query.hasNextPage ? (
    <Group justify="center">
      <Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
        {t('state.more')}
      </Button>
    </Group>
  ) : null
}
