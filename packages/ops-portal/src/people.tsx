import { Badge, Button, Group, Menu, Select, SimpleGrid, Table, Text } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { people } from '@wealist/contract/ops'
import { type Person, PersonStatus, PlatformRole } from '@wealist/contract/ops/people'
import { useState } from 'react'
import { ask } from './api.ts'
import { day, number } from './format.ts'
import { useText } from './i18n.ts'
import { AnchorLink } from './links.tsx'
import { type Change, PersonChange } from './person-change.tsx'
import { SearchBox } from './search-box.tsx'
import { useSession } from './session.ts'
import { Empty, Loaded, Page } from './states.tsx'
import { Heads, More } from './tables.tsx'

export const People = () => {
  const { t } = useText()
  const search = useSearch({ from: '/people' })
  const navigate = useNavigate({ from: '/people' })
  const [change, setChange] = useState<{ person: Person; change: Change }>()
  const query = useInfiniteQuery({
    queryKey: [people.list.path, search],
    queryFn: ({ pageParam, signal }) =>
      ask('ops', people.list, { query: { ...search, ...(pageParam && { cursor: pageParam }) } }, { signal }),
    initialPageParam: '',
    getNextPageParam: (last) => last.nextCursor,
  })
  return (
    <Page title="page.people">
      <SimpleGrid cols={{ base: 1, xs: 3 }} spacing="sm">
        <SearchBox
          label={t('people.search')}
          value={search.q}
          maxLength={100}
          onSearch={(q) => void navigate({ search: (s) => ({ ...s, q }), replace: true })}
        />
        <Select
          label={t('people.role')}
          placeholder={t('people.any')}
          clearable
          data={PlatformRole.options.map((value) => ({ value, label: t(`role.${value}`) }))}
          value={search.role ?? null}
          onChange={(value) =>
            void navigate({ search: (s) => ({ ...s, role: (value ?? undefined) as never }), replace: true })
          }
        />
        <Select
          label={t('people.status')}
          placeholder={t('people.any')}
          clearable
          data={PersonStatus.options.map((value) => ({ value, label: t(`status.${value}`) }))}
          value={search.status ?? null}
          onChange={(value) =>
            void navigate({ search: (s) => ({ ...s, status: (value ?? undefined) as never }), replace: true })
          }
        />
      </SimpleGrid>
      <Loaded query={query}>
        {({ pages }) => {
          const items = pages.flatMap((page) => page.items)
          return items.length === 0 ? (
            <Empty>{t('people.empty')}</Empty>
          ) : (
            <>
              <PeopleTable items={items} onChange={(person, what) => setChange({ person, change: what })} />
              <More query={query} />
            </>
          )
        }}
      </Loaded>
      {change && <PersonChange {...change} onClose={() => setChange(undefined)} />}
    </Page>
  )
}

const statusColours: Record<PersonStatus, string> = { active: 'green', inactive: 'gray', suspended: 'red' }
const statusText: Record<PersonStatus, string> = { active: 'up', inactive: '', suspended: 'down' }

const PeopleTable = ({ items, onChange }: { items: Person[]; onChange: (person: Person, what: Change) => void }) => {
  const { t, language } = useText()
  const me = useSession()?.me
  return (
    <Table.ScrollContainer minWidth={760} className="cards">
      <Table highlightOnHover aria-label={t('page.people')} verticalSpacing="sm">
        <Heads of={['people.name', 'people.role', 'people.status', 'people.workspaces', 'people.since']}>
          <Table.Th scope="col">{t('people.do')}</Table.Th>
        </Heads>
        <Table.Tbody>
          {items.map((person) => (
            <Table.Tr key={person.id} data-person={person.email}>
              <Table.Th scope="row" fw={400} className="long">
                <Text size="sm" fw={600}>
                  {person.name}
                  {person.id === me?.id && (
                    <Text span size="xs" c="dimmed">
                      {' '}
                      ({t('people.self')})
                    </Text>
                  )}
                </Text>
                <Text size="xs" c="dimmed">
                  {person.email} · {t(person.emailVerified ? 'people.verified' : 'people.unverified')}
                </Text>
              </Table.Th>
              <Table.Td data-label={t('people.role')}>{t(`role.${person.role}`)}</Table.Td>
              <Table.Td data-label={t('people.status')}>
                <Badge
                  variant="light"
                  tt="none"
                  miw="max-content"
                  color={statusColours[person.status]}
                  className={statusText[person.status]}
                >
                  {t(`status.${person.status}`)}
                </Badge>
              </Table.Td>
              <Table.Td data-label={t('people.workspaces')}>{number(language, person.workspaces, 0)}</Table.Td>
              <Table.Td data-label={t('people.since')} className="short">
                {day(language, person.createdAt)}
              </Table.Td>
              <Table.Td>
                <Actions person={person} mine={person.id === me?.id} admin={me?.role === 'admin'} onChange={onChange} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}

interface ActionsProps {
  person: Person
  mine: boolean
  admin: boolean
  onChange: (person: Person, what: Change) => void
}

// What one may not do is not offered; the server refuses it all the same.
const Actions = ({ person, mine, admin, onChange }: ActionsProps) => {
  const { t } = useText()
  return (
    <Group gap="md" wrap="nowrap">
      <AnchorLink
        size="sm"
        underline="always"
        className="short"
        to="/audit"
        search={{ target: person.id }}
        aria-label={t('people.auditOf', { name: person.name })}
      >
        {t('people.audit')}
      </AnchorLink>
      {admin && !mine && (
        <Menu position="bottom-end">
          <Menu.Target>
            <Button size="xs" variant="default" aria-label={t('people.actions', { name: person.name })}>
              …
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {person.status === 'active' ? (
              <Menu.Item className="down" onClick={() => onChange(person, 'suspend')}>
                {t('people.suspend')}
              </Menu.Item>
            ) : (
              <Menu.Item onClick={() => onChange(person, 'reactivate')}>{t('people.reactivate')}</Menu.Item>
            )}
            <Menu.Item onClick={() => onChange(person, 'role')}>{t('people.changeRole')}</Menu.Item>
            <Menu.Item onClick={() => onChange(person, 'rename')}>{t('people.rename')}</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      )}
    </Group>
  )
}
