import { Button, Group, Select, Table, Text } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { audit } from '@wealist/contract/ops'
import { Action, type AuditEntry } from '@wealist/contract/ops/audit'
import { SettingKey } from '@wealist/contract/ops/settings'
import { ask } from './api.ts'
import { moment, share } from './format.ts'
import { type Translate, useText } from './i18n.ts'
import { isShare } from './shares.ts'
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
            {t('audit.all')}
          </Button>
        )}
      </Group>
      <Loaded query={query}>
        {({ pages }) => {
          const items = pages.flatMap((page) => page.items)
          return items.length === 0 ? (
            <Empty>{t(search.action || search.target ? 'audit.empty' : 'audit.none')}</Empty>
          ) : (
            <>
              {search.target && (
                <Text size="sm" c="dimmed">
                  {t('audit.only', { name: nameOf(t, items[0]!) })}
                </Text>
              )}
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
    <Table.ScrollContainer minWidth={760} className="cards">
      <Table aria-label={t('page.audit')} verticalSpacing="sm">
        <Heads of={['audit.at', 'audit.who', 'audit.what', 'audit.change', 'audit.reason']} />
        <Table.Tbody>
          {items.map((entry) => (
            <Table.Tr key={entry.id} data-action={entry.action}>
              <Table.Td data-label={t('audit.at')} className="short">
                {moment(language, entry.at)}
              </Table.Td>
              <Table.Td data-label={t('audit.who')}>{entry.actorName}</Table.Td>
              <Table.Td data-label={t('audit.what')}>
                {t(`audit.${entry.action}`, { target: nameOf(t, entry) })}
              </Table.Td>
              <Table.Td data-label={t('audit.change')}>
                {entry.action.startsWith('job.') ? (
                  entry.from !== null && (
                    <Text span size="sm" className="long">
                      {t('audit.failure', { error: String(entry.from) })}
                    </Text>
                  )
                ) : (
                  <>
                    <Value of={entry.from} entry={entry} /> → <Value of={entry.to} entry={entry} strong />
                  </>
                )}
              </Table.Td>
              <Table.Td data-label={t('audit.reason')}>{entry.reason}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}

// A setting's target is its key, for which there are words.
const nameOf = (t: Translate, { action, target, targetName }: AuditEntry) => {
  const key = SettingKey.safeParse(target)
  return action === 'setting' && key.success ? t(`setting.${key.data}`) : targetName
}

const Value = ({ of, entry, strong }: { of: unknown; entry: AuditEntry; strong?: boolean }) => {
  const { t, language } = useText()
  const { action, target } = entry
  const word =
    of === null || of === ''
      ? t('audit.unset')
      : action === 'user.status'
        ? t(`status.${of as 'active'}`)
        : action === 'user.role' || action === 'user.admin'
          ? t(`role.${of as 'user'}`)
          : action === 'setting' && isShare(target)
            ? share(language, Number(of), 4)
            : String(of)
  return (
    <Text span size="sm" fw={strong ? 600 : 400}>
      {word}
    </Text>
  )
}
