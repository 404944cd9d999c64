import { Button, Group, Select, Table, Text } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { audit } from '@wealist/contract/ops'
import { Action, type AuditEntry } from '@wealist/contract/ops/audit'
import { ask } from './api.ts'
import { moment } from './format.ts'
import { useText } from './i18n.ts'
import { Empty, Loaded, Page } from './states.tsx'
import { Heads, More } from './tables.tsx'

export const Audit = () => {
  const { t } = useText()
  const search = useSearch({ from: '/audit' })
  const navigate = useNavigate({ from: '/audit' })
  const query = useInfiniteQuery({
    queryKey: [audit.list.path, search],
    queryFn: ({ pageParam, signal }) =>
      ask('ops', audit.list, { query: { ...search, ...(pageParam && { cursor: pageParam }) } }, { signal }),
    initialPageParam: '',
    getNextPageParam: (last) => last.nextCursor,
    refetchInterval: 10_000,
  })
  return (
    <Page title="page.audit">
      <Group align="flex-end">
        <Select
          label={t('audit.action')}
          placeholder={t('audit.any')}
          clearable
          data={Action.options.map((value) => ({ value, label: t(`audit.filter.${value}`) }))}
          value={search.action ?? null}
          onChange={(value) =>
            void navigate({ search: (s) => ({ ...s, action: (value ?? undefined) as never }), replace: true })
          }
        />
        {search.target && (
          <Button variant="default" onClick={() => void navigate({ search: {}, replace: true })}>
            {t('audit.any')}
          </Button>
        )}
      </Group>
      <Loaded query={query}>
        {({ pages }) => {
          const items = pages.flatMap((page) => page.items)
          return items.length === 0 ? (
            <Empty>{t('audit.empty')}</Empty>
          ) : (
            <>
              <Entries items={items} />
              <More query={query} />
            </>
          )
        }}
      </Loaded>
    </Page>
  )
}

const Entries = ({ items }: { items: AuditEntry[] }) => {
  const { t, language } = useText()
  return (
    <Table.ScrollContainer minWidth={760}>
      <Table aria-label={t('page.audit')} verticalSpacing="sm">
        <Heads of={['audit.at', 'audit.who', 'audit.what', 'audit.change', 'audit.reason']} />
        <Table.Tbody>
          {items.map((entry) => (
            <Table.Tr key={entry.id} data-action={entry.action}>
              <Table.Td style={{ whiteSpace: 'nowrap' }}>{moment(language, entry.at)}</Table.Td>
              <Table.Td>{entry.actorName}</Table.Td>
              <Table.Td>{t(`audit.${entry.action}`, { target: entry.targetName })}</Table.Td>
              <Table.Td>
                <Value of={entry.from} action={entry.action} /> → <Value of={entry.to} action={entry.action} strong />
              </Table.Td>
              <Table.Td>{entry.reason}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}

const Value = ({ of, action, strong }: { of: unknown; action: Action; strong?: boolean }) => {
  const { t } = useText()
  const word =
    of === null || of === ''
      ? t('audit.unset')
      : action === 'user.status'
        ? t(`status.${of as 'active'}`)
        : action === 'user.role'
          ? t(`role.${of as 'user'}`)
          : String(of)
  return (
    <Text span size="sm" fw={strong ? 600 : 400}>
      {word}
    </Text>
  )
}
