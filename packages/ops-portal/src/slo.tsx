import { Badge, Progress, Stack, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { slo } from '@wealist/contract/ops'
import type { Alert, Objective } from '@wealist/contract/ops/slo'
import { reading } from './api.ts'
import { number, periodIn, share, span } from './format.ts'
import { useText } from './i18n.ts'
import { Loaded, Page } from './states.tsx'
import { Heads } from './tables.tsx'

const colours: Record<Alert, string> = { ok: 'green', slow: 'orange', fast: 'red', unknown: 'gray' }

export const Objectives = () => {
  const { t, language } = useText()
  const query = useQuery(reading(slo.get, {}, 15_000))
  return (
    <Page title="page.slo">
      <Loaded query={query}>
        {(found) => (
          <>
            <Text c="dimmed" size="sm">
              {t('slo.lead', { ms: found.latencyMs, window: span(language, found.window) })} {t('slo.burnLead')}
            </Text>
            <Table.ScrollContainer minWidth={720} type="native" className="wide">
              <Table className="figures sticky" aria-label={t('page.slo')} verticalSpacing="sm">
                <Heads
                  of={[
                    'services.service',
                    'slo.objective',
                    'services.state',
                    'slo.target',
                    'slo.actual',
                    'slo.budget',
                    'slo.burn',
                  ]}
                />
                <Table.Tbody>
                  {found.services.map(({ name, availability, latency }) => (
                    <Rows key={name} name={name} of={{ availability, latency }} />
                  ))}
                </Table.Tbody>
              </Table>
            </Table.ScrollContainer>
          </>
        )}
      </Loaded>
    </Page>
  )
}

const Rows = ({ name, of }: { name: string; of: Record<'availability' | 'latency', Objective> }) => {
  const { t, language } = useText()
  return (['availability', 'latency'] as const).map((kind) => {
    const { target, actual, requests, budget, burn, alert } = of[kind]
    const left = budget === null ? null : Math.max(0, budget)
    return (
      <Table.Tr key={kind}>
        {kind === 'availability' && (
          <Table.Th scope="rowgroup" rowSpan={2}>
            {name}
            <Text size="xs" c="dimmed" fw={400}>
              {t('slo.requests', { count: number(language, requests, 0) })}
            </Text>
          </Table.Th>
        )}
        <Table.Td>{t(`slo.${kind}`)}</Table.Td>
        <Table.Td>
          <Badge color={colours[alert]} variant="light" tt="none" miw="max-content" className={badgeText[alert]}>
            {t(`slo.alert.${alert}`)}
          </Badge>
        </Table.Td>
        <Table.Td>{share(language, target, 3)}</Table.Td>
        <Table.Td>{share(language, actual, 3)}</Table.Td>
        <Table.Td>
          <Stack gap={2}>
            <Text size="sm">{share(language, budget, 0)}</Text>
            {left !== null && (
              <Progress
                value={left * 100}
                color={colours[alert]}
                size="sm"
                aria-label={`${name}: ${t('slo.budget')} ${share(language, budget, 0)}`}
              />
            )}
          </Stack>
        </Table.Td>
        <Table.Td>
          {(['5m', '1h', '6h'] as const).map((window) => (
            <Text key={window} span size="sm" me="sm" style={{ whiteSpace: 'nowrap' }}>
              {number(language, burn[window])}
              <Text span size="xs" c="dimmed">
                {' '}
                {periodIn(language, window)}
              </Text>
            </Text>
          ))}
        </Table.Td>
      </Table.Tr>
    )
  })
}

const badgeText: Record<Alert, string> = { ok: 'up', slow: 'degraded', fast: 'down', unknown: '' }
