import { Group, Stack, Text, Title } from '@mantine/core'
import type { ServiceSeries } from '@wealist/contract/ops/metrics'
import type { ServiceStatus } from '@wealist/contract/ops/status'
import { Condition } from './condition.tsx'
import { milliseconds } from './format.ts'
import { useText } from './i18n.ts'
import { AnchorLink } from './links.tsx'
import { lastHeard } from './problems.ts'
import { reasonIn } from './reasons.ts'

interface ServiceNowProps {
  name: ServiceSeries['name']
  status: ServiceStatus | undefined
  series: ServiceSeries
}

/** A service as it is now, and where to go from here. */
export const ServiceNow = ({ name, status: now, series }: ServiceNowProps) => {
  const { t, language } = useText()
  return (
    <Stack gap={4} data-testid="now">
      <Group gap="md" align="baseline">
        <Title order={2} size="h4">
          {name}
        </Title>
        {now && <Condition of={now.status} />}
        <AnchorLink to="/logs" search={{ service: name }} size="sm" underline="always">
          {t('services.logs')}
        </AnchorLink>
        <AnchorLink to="/logs" search={{ service: name, level: 'error' }} size="sm" underline="always">
          {t('services.errorLogs')}
        </AnchorLink>
      </Group>
      {now && (
        <Text size="sm" c="dimmed">
          {t('overview.replicas', now.replicas)}
          {now.versions.length > 0 && ` · ${t('overview.version', { versions: now.versions.join(', ') })}`}
          {now.responseTime !== null &&
            ` · ${t('overview.answers', { time: milliseconds(language, now.responseTime) })}`}
        </Text>
      )}
      {now?.reason && (
        <Text size="sm" className={now.status}>
          {reasonIn(t, now.reason)}
          {now.status === 'down' && ` · ${lastHeard({ t, language }, series.points)}`}
        </Text>
      )}
      {now?.status === 'down' && <Text size="sm">{t('services.whatNow', { name })}</Text>}
    </Stack>
  )
}
