import { Alert, Badge, Card, Group, List, SimpleGrid, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { metrics, slo, status } from '@wealist/contract/ops'
import type { PieceStatus, ServiceStatus } from '@wealist/contract/ops/status'
import { reading } from './api.ts'
import { Condition } from './condition.tsx'
import { useLost } from './connection.ts'
import { milliseconds, number, share, time, zone } from './format.ts'
import { useText } from './i18n.ts'
import { AnchorLink, CardLink } from './links.tsx'
import { pieceNames, problemsOf } from './problems.ts'
import { reasonIn } from './reasons.ts'
import { Failed, Loaded, Loading, Page } from './states.tsx'

export const Overview = () => {
  const { t, language } = useText()
  const now = useQuery(reading(status.get, {}, 3000))
  const hour = useQuery(reading(metrics.overview, { query: { period: '1h' } }, 10_000))
  const objectives = useQuery(reading(slo.get, {}, 15_000))
  // Only who is down raises the question since when.
  const down = now.data?.services.some((s) => s.status === 'down') ?? false
  const series = useQuery({ ...reading(metrics.services, { query: { period: '1h' } }, 10_000), enabled: down })
  const told = [
    { what: 'page.slo', query: objectives },
    { what: 'overview.lastHour', query: hour },
  ] as const
  const lost = useLost()
  const failed = lost || [now, objectives, hour].some(({ error }) => error)
  const all = !failed && told.every(({ query }) => query.data !== undefined)
  const problems = problemsOf(
    { t, language },
    { status: now.data, slo: objectives.data, metrics: hour.data, series: down ? series.data : undefined },
  )
  return (
    <Page
      title="page.overview"
      aside={
        now.data && (
          <Text size="sm" c="dimmed" title={t('overview.sure')}>
            {t('app.updated', { time: `${time(language, now.data.at)} ${zone(language)}` })}
          </Text>
        )
      }
    >
      <Loaded query={now}>
        {(found) => (
          <>
            {told.map(
              ({ what, query }) =>
                query.error && (
                  <Failed key={what} what={what} error={query.error} onRetry={() => void query.refetch()} />
                ),
            )}
            <section aria-live="polite">
              {problems.length === 0 && !all ? (
                // Nobody knows of anything wrong, and not all could be asked.
                !failed && <Loading lines={1} />
              ) : problems.length === 0 ? (
                <Alert
                  variant="light"
                  color="green"
                  role="status"
                  classNames={{ title: 'up' }}
                  title={t('overview.well')}
                >
                  {t('overview.wellLead', { count: found.services.length })}
                </Alert>
              ) : (
                <Alert variant="light" color="red" classNames={{ title: 'down' }} title={t('overview.wrong')}>
                  <List spacing={4}>
                    {problems.map(({ key, title, lead, log, service }) => (
                      <List.Item key={key}>
                        <Text span fw={600}>
                          {log ? (
                            <AnchorLink to="/logs" search={log} c="inherit" underline="always">
                              {title}
                            </AnchorLink>
                          ) : service ? (
                            <AnchorLink to="/services" search={{ name: service }} c="inherit" underline="always">
                              {title}
                            </AnchorLink>
                          ) : (
                            title
                          )}
                        </Text>
                        {lead && ` · ${lead}`}
                      </List.Item>
                    ))}
                  </List>
                </Alert>
              )}
            </section>
            <Hour total={hour.data?.total} />
            <Stack gap="sm">
              <Title order={2} size="h4">
                {t('overview.services')}
              </Title>
              <SimpleGrid cols={{ base: 1, xs: 2, md: 3, lg: 4 }} data-testid="services">
                {found.services.map((service) => (
                  <ServiceCard key={service.name} service={service} />
                ))}
              </SimpleGrid>
            </Stack>
            <Stack gap="sm">
              <Title order={2} size="h4">
                {t('overview.infrastructure')}
              </Title>
              <SimpleGrid cols={{ base: 1, xs: 3 }} data-testid="infrastructure">
                {found.infrastructure.map((piece) => (
                  <PieceCard key={piece.name} piece={piece} />
                ))}
              </SimpleGrid>
            </Stack>
          </>
        )}
      </Loaded>
    </Page>
  )
}

const Hour = ({
  total,
}: {
  total: { requests: number | null; errors: number | null; p95: number | null; sockets: number | null } | undefined
}) => {
  const { t, language } = useText()
  const tiles = [
    [t('overview.requests'), number(language, total?.requests ?? null)],
    [t('services.errors'), share(language, total?.errors ?? null)],
    [t('overview.p95'), milliseconds(language, total?.p95 ?? null)],
    [t('overview.sockets'), number(language, total?.sockets ?? null, 0)],
  ] as const
  return (
    <section aria-label={t('overview.lastHour')}>
      <Title order={2} size="h4" mb="sm">
        {t('overview.lastHour')}
      </Title>
      <SimpleGrid cols={{ base: 2, md: 4 }}>
        {tiles.map(([what, value]) => (
          <Card key={what} withBorder>
            <Text size="sm" c="dimmed">
              {what}
            </Text>
            <Text fz={26} fw={650} className="figures">
              {value}
            </Text>
          </Card>
        ))}
      </SimpleGrid>
    </section>
  )
}

const ServiceCard = ({ service }: { service: ServiceStatus }) => {
  const { t, language } = useText()
  const { name, status: condition, responseTime, versions, replicas, reason } = service
  return (
    <CardLink withBorder to="/services" search={{ name }} data-service={name} data-status={condition}>
      <Group justify="space-between">
        <Text fw={650}>{name}</Text>
        <Condition of={condition} />
      </Group>
      <Stack gap={2} mt="xs">
        <Text size="sm" c="dimmed">
          {t('overview.replicas', replicas)}
        </Text>
        {responseTime !== null && (
          <Text size="sm" c="dimmed">
            {t('overview.answers', { time: milliseconds(language, responseTime) })}
          </Text>
        )}
        {versions.length > 0 && (
          <Group gap={4}>
            <Text size="sm" c="dimmed">
              {t('deployments.version')}
            </Text>
            {versions.map((version) => (
              <Badge key={version} size="sm" variant="default" tt="none">
                {version}
              </Badge>
            ))}
          </Group>
        )}
        {reason && (
          <Text size="sm" className={condition}>
            {reasonIn(t, reason)}
          </Text>
        )}
      </Stack>
    </CardLink>
  )
}

const PieceCard = ({ piece }: { piece: PieceStatus }) => {
  const { t, language } = useText()
  return (
    <Card withBorder data-piece={piece.name} data-status={piece.status}>
      <Group justify="space-between">
        <Text fw={650}>{pieceNames[piece.name]}</Text>
        <Condition of={piece.status} />
      </Group>
      <Text size="sm" c="dimmed" mt="xs">
        {piece.reason
          ? reasonIn(t, piece.reason)
          : t('overview.answers', { time: milliseconds(language, piece.responseTime) })}
      </Text>
    </Card>
  )
}
