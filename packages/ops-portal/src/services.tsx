import {
  Badge,
  Card,
  Group,
  SegmentedControl,
  SimpleGrid,
  Stack,
  Table,
  Text,
  Title,
  UnstyledButton,
} from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { metrics, status } from '@wealist/contract/ops'
import { Period, type ServiceSeries } from '@wealist/contract/ops/metrics'
import type { Service } from '@wealist/contract/ops/status'
import { serviceNames } from '@wealist/contract/topology'
import { reading } from './api.ts'
import { Condition } from './condition.tsx'
import { FailedJobs } from './failed-jobs.tsx'
import { bytes, milliseconds, moment, number, periodIn, share } from './format.ts'
import { useText } from './i18n.ts'
import { AnchorLink } from './links.tsx'
import { owns } from './owns.ts'
import { Plot } from './plot.tsx'
import { ServiceNow } from './service-now.tsx'
import { Empty, Loaded, Page } from './states.tsx'

/** Every service in figures; the one that is chosen over time. */
export const Services = () => {
  const { t, language } = useText()
  const { name: asked, period = '1h' } = useSearch({ from: '/services' })
  // An address may name one that there is not.
  const name = serviceNames.find((s) => s === asked) ?? 'auth'
  const navigate = useNavigate({ from: '/services' })
  const series = useQuery(reading(metrics.services, { query: { period } }, 10_000))
  const now = useQuery(reading(status.get, {}, 3000))
  const topology = useQuery(reading(status.services, {}))
  const about = topology.data?.items.find((s) => s.name === name)
  const statusOf = (of: string) => now.data?.services.find((s) => s.name === of)
  return (
    <Page
      title="page.services"
      aside={
        <SegmentedControl
          size="xs"
          aria-label={t('services.period')}
          value={period}
          data={Period.options.map((value) => ({ value, label: periodIn(language, value) }))}
          onChange={(value) => void navigate({ search: (s) => ({ ...s, period: value as Period }), replace: true })}
        />
      }
    >
      <Loaded query={series}>
        {(found) => {
          const chosen = found.services.find((s) => s.name === name)!
          return (
            <>
              <Figures
                services={found.services}
                chosen={name}
                condition={(of) => statusOf(of)?.status}
                onChoose={(next) => void navigate({ search: (s) => ({ ...s, name: next }), replace: true })}
              />
              <ServiceNow name={name} status={statusOf(name)} series={chosen} />
              <FailedJobs key={name} name={name} />
              {found.since === null ? <Empty>{t('services.nothing')}</Empty> : <Plots of={chosen} />}
              {about && <About service={about} />}
              {found.since && (
                <Text size="sm" c="dimmed">
                  {t('services.since', { time: moment(language, found.since), source: t(`source.${found.source}`) })}
                </Text>
              )}
            </>
          )
        }}
      </Loaded>
    </Page>
  )
}

interface FiguresProps {
  services: ServiceSeries[]
  chosen: string
  condition: (name: string) => 'up' | 'degraded' | 'down' | undefined
  onChoose: (name: ServiceSeries['name']) => void
}

const Figures = ({ services, chosen, condition, onChoose }: FiguresProps) => {
  const { t, language } = useText()
  const heads = ['service', 'state', 'traffic', 'errors', 'latency', 'cpu', 'memory', 'sockets', 'failedJobs'] as const
  return (
    <Table.ScrollContainer minWidth={760} type="native" className="wide">
      <Table highlightOnHover className="figures sticky" aria-label={t('page.services')}>
        <Table.Thead>
          <Table.Tr>
            {heads.map((head) => (
              <Table.Th key={head} scope="col">
                {t(`services.${head}`)}
                {head === 'latency' && ' (95%)'}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {services.map(({ name, figures: f }) => (
            <Table.Tr key={name} className={name === chosen ? 'chosen' : ''}>
              <Table.Th scope="row">
                <UnstyledButton fw={650} td="underline" aria-pressed={name === chosen} onClick={() => onChoose(name)}>
                  {name}
                </UnstyledButton>
              </Table.Th>
              <Table.Td>{condition(name) ? <Condition of={condition(name)!} /> : t('state.none')}</Table.Td>
              <Table.Td>{number(language, f.requests, 2)}</Table.Td>
              <Table.Td>{share(language, f.errors)}</Table.Td>
              <Table.Td>{milliseconds(language, f.p95)}</Table.Td>
              <Table.Td>{number(language, f.cpu, 2)}</Table.Td>
              <Table.Td>{bytes(language, f.memory)}</Table.Td>
              <Table.Td>{number(language, f.sockets, 0)}</Table.Td>
              <Table.Td>
                <Kept name={name} of={f.failedJobs} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}

const Kept = ({ name, of }: { name: ServiceSeries['name']; of: Record<string, number> | null }) => {
  const { t, language } = useText()
  const count = of && Object.values(of).reduce((a, b) => a + b, 0)
  return count ? (
    <AnchorLink
      to="/services"
      search={(s: object) => ({ ...s, name })}
      c="inherit"
      underline="always"
      aria-label={t('services.failedJobsOf', { name, count: number(language, count) })}
    >
      <Text span size="sm" fw={650} className="down">
        {number(language, count, 0)}
      </Text>
    </AnchorLink>
  ) : (
    number(language, count, 0)
  )
}

const Plots = ({ of: { name, points } }: { of: ServiceSeries }) => {
  const { t, language } = useText()
  const plots = [
    {
      title: t('services.traffic'),
      lines: { requests: t('services.traffic') },
      format: (v: number) => number(language, v, 2),
    },
    {
      title: t('services.errors'),
      lines: { errors: t('services.errors') },
      format: (v: number) => share(language, v),
      atLeast: 0.01,
    },
    {
      title: t('services.latency'),
      lines: { p50: '50%', p95: '95%', p99: '99%' },
      format: (v: number) => milliseconds(language, v),
    },
    { title: t('services.lag'), lines: { lag: t('services.lag') }, format: (v: number) => milliseconds(language, v) },
    {
      title: t('services.memory'),
      lines: { memory: t('services.memory') },
      format: (v: number) => bytes(language, v),
      unit: 1024 * 1024,
    },
    {
      title: t('services.sockets'),
      lines: { sockets: t('services.sockets'), waiting: t('services.waiting') },
      format: (v: number) => number(language, v, 0),
      whole: true,
    },
  ]
  return (
    <SimpleGrid cols={{ base: 1, md: 2, lg: 3 }}>
      {plots.map((plot) => (
        <Card key={plot.title} withBorder>
          <Plot name={name} points={points} {...plot} />
        </Card>
      ))}
    </SimpleGrid>
  )
}

const About = ({ service }: { service: Service }) => {
  const { t, language } = useText()
  const rows = [
    ['owns', owns(language, service)],
    ['database', service.database ?? t('state.none')],
    ['calls', service.calls.join(', ')],
    ['uses', service.uses.join(', ')],
  ] as const
  return (
    <Card withBorder>
      <Title order={3} size="h5" mb="xs">
        {t('services.details', { name: service.name })}
      </Title>
      <Stack gap={4}>
        {rows.map(([key, value]) => (
          <Group key={key} gap="xs" align="baseline" wrap="nowrap">
            <Text size="sm" c="dimmed" w={110} flex="none">
              {t(`services.${key}`)}
            </Text>
            <Text size="sm">{value}</Text>
          </Group>
        ))}
        <Group gap="xs" align="baseline" wrap="nowrap">
          <Text size="sm" c="dimmed" w={110} flex="none">
            {t('services.public')}
          </Text>
          <Group gap={4}>
            {service.public.map((path) => (
              <Badge key={path} variant="default" tt="none" size="sm">
                {path}
              </Badge>
            ))}
          </Group>
        </Group>
      </Stack>
    </Card>
  )
}
