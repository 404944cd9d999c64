import { Alert, Badge, Group, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { deployments } from '@wealist/contract/ops'
import type { Condition as Of } from '@wealist/contract/ops/status'
import { reading } from './api.ts'
import { Condition } from './condition.tsx'
import { moment } from './format.ts'
import { useText } from './i18n.ts'
import { Empty, Loaded, Page } from './states.tsx'
import { Heads } from './tables.tsx'

const conditions: Record<string, string> = {
  Healthy: 'up',
  Synced: 'up',
  Progressing: 'degraded',
  OutOfSync: 'degraded',
  Degraded: 'down',
  Missing: 'down',
}

const columns = [
  'deployments.name',
  'deployments.health',
  'deployments.sync',
  'deployments.version',
  'deployments.at',
] as const
// What only Argo CD knows; without it these would be empty.
const ofArgo: readonly string[] = ['deployments.sync', 'deployments.at']
// Without it ops says in its words how the services are.
const ofServices: Record<string, Of> = { Healthy: 'up', Degraded: 'degraded', Missing: 'down' }

export const Deployments = () => {
  const { t, language } = useText()
  const query = useQuery(reading(deployments.list, {}, 10_000))
  return (
    <Page title="page.deployments">
      <Loaded query={query}>
        {({ items, source }) => (
          <>
            {source === 'services' && (
              <Alert variant="light" color="gray" role="note">
                {t('deployments.services')}
              </Alert>
            )}
            {items.length === 0 ? (
              <Empty>{t('deployments.empty')}</Empty>
            ) : (
              <Table.ScrollContainer minWidth={640} className="cards">
                <Table highlightOnHover aria-label={t('page.deployments')}>
                  <Heads of={source === 'argocd' ? columns : columns.filter((c) => !ofArgo.includes(c))} />
                  <Table.Tbody>
                    {items.map((item) => (
                      <Table.Tr key={item.name}>
                        <Table.Th scope="row">{item.name}</Table.Th>
                        <Table.Td data-label={t('deployments.health')}>
                          {source === 'argocd' ? state(item.health) : <Condition of={ofServices[item.health!]!} />}
                        </Table.Td>
                        {source === 'argocd' && (
                          <Table.Td data-label={t('deployments.sync')}>
                            {state(item.sync)}
                            {item.revision && (
                              <Text size="xs" c="dimmed">
                                {item.revision.slice(0, 7)}
                              </Text>
                            )}
                          </Table.Td>
                        )}
                        <Table.Td data-label={t('deployments.version')}>
                          <Group gap={4}>
                            {item.versions.map((version) => (
                              <Badge key={version} variant="default" tt="none">
                                {version}
                              </Badge>
                            ))}
                            {item.versions.length === 0 && t('state.none')}
                          </Group>
                        </Table.Td>
                        {source === 'argocd' && (
                          <Table.Td data-label={t('deployments.at')}>{moment(language, item.deployedAt)}</Table.Td>
                        )}
                      </Table.Tr>
                    ))}
                  </Table.Tbody>
                </Table>
              </Table.ScrollContainer>
            )}
          </>
        )}
      </Loaded>
    </Page>
  )
}

// The words of Argo CD, which who runs it knows.
const state = (word: string | null) =>
  word === null ? (
    '–'
  ) : (
    <Text span size="sm" fw={600} className={conditions[word] ?? ''}>
      <span className="dot" />
      {word}
    </Text>
  )
