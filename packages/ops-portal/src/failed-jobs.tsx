import { Alert, Button, Group, Modal, Stack, Table, Text, Title } from '@mantine/core'
import { useInfiniteQuery, useMutation } from '@tanstack/react-query'
import { jobs, metrics } from '@wealist/contract/ops'
import type { FailedJob } from '@wealist/contract/ops/jobs'
import { Problem } from '@wealist/contract/problem'
import type { ServiceName } from '@wealist/contract/topology'
import { useRef, useState } from 'react'
import { ask, client } from './api.ts'
import { moment, number } from './format.ts'
import { useText } from './i18n.ts'
import { AnchorLink } from './links.tsx'
import { useSession } from './session.ts'
import { messageOf } from './states.tsx'
import { Heads, More } from './tables.tsx'

const heads = ['jobs.name', 'jobs.failed', 'jobs.attempts', 'jobs.why'] as const

/** The jobs of a service that failed for good, with what an operator may do about each; nothing where there are none. */
export const FailedJobs = ({ name }: { name: ServiceName }) => {
  const { t, language } = useText()
  const role = useSession()?.me.role
  const mayDecide = role === 'operator' || role === 'admin'
  const heading = useRef<HTMLHeadingElement>(null)
  const [discarding, setDiscarding] = useState<FailedJob>()
  const query = useInfiniteQuery({
    queryKey: [jobs.list.path, name],
    queryFn: ({ pageParam, signal }) =>
      ask('ops', jobs.list, { params: { name }, query: pageParam ? { cursor: pageParam } : {} }, { signal }),
    initialPageParam: '',
    getNextPageParam: (last) => last.nextCursor,
    refetchInterval: 10_000,
  })
  const deciding = useMutation({
    mutationFn: ({ job: { id }, wanted }: { job: FailedJob; wanted: 'retry' | 'discard' }) =>
      ask('ops', wanted === 'retry' ? jobs.retry : jobs.discard, { params: { name, id } }),
    onSettled: async () => {
      setDiscarding(undefined)
      await client.invalidateQueries({ queryKey: [jobs.list.path, name] })
      void client.invalidateQueries({ queryKey: [metrics.services.path] })
      // The button that was pressed may be gone with its row.
      heading.current?.focus({ preventScroll: true })
    },
  })
  const items = query.data?.pages.flatMap((page) => page.items) ?? []
  const { variables: last, error } = deciding
  if (items.length === 0 && !last) return null
  return (
    <section aria-label={t('services.failedJobs')} data-testid="failed-jobs">
      <Stack gap="sm">
        <Group justify="space-between" align="baseline">
          <Title order={2} size="h4" tabIndex={-1} ref={heading}>
            {t('services.failedJobs')}
          </Title>
          <AnchorLink
            to="/logs"
            search={{ service: name, level: 'error', q: 'job failed for good' }}
            size="sm"
            underline="always"
          >
            {t('jobs.logs')}
          </AnchorLink>
        </Group>
        <Text size="sm" c="dimmed">
          {t(mayDecide ? 'jobs.lead' : 'jobs.readOnly')}
        </Text>
        <div role="status">
          {last && deciding.isSuccess && (
            <Text size="sm">{t(`jobs.${last.wanted}Done`, { job: last.job.name, id: last.job.id })}</Text>
          )}
        </div>
        {error && (
          <Alert color="red" variant="light" role="alert">
            {error instanceof Problem && error.code === 'NOT_FOUND' ? t('jobs.gone') : messageOf(t, error)}
          </Alert>
        )}
        {items.length > 0 && (
          <Table.ScrollContainer minWidth={760} className="cards">
            <Table aria-label={t('services.failedJobs')} verticalSpacing="sm">
              <Heads of={mayDecide ? [...heads, 'jobs.do'] : heads} />
              <Table.Tbody>
                {items.map((job) => (
                  <Table.Tr key={job.id} data-job={job.id}>
                    <Table.Td data-label={t('jobs.name')}>
                      {job.name}{' '}
                      <Text span size="xs" c="dimmed">
                        {job.id}
                      </Text>
                    </Table.Td>
                    <Table.Td data-label={t('jobs.failed')} className="short">
                      {moment(language, job.failedAt)}
                    </Table.Td>
                    <Table.Td data-label={t('jobs.attempts')}>{number(language, job.attempts, 0)}</Table.Td>
                    <Table.Td data-label={t('jobs.why')} className="long" lang="en">
                      {job.error ?? t('state.none')}
                    </Table.Td>
                    {mayDecide && (
                      <Table.Td data-label={t('jobs.do')}>
                        <Group gap="xs" wrap="nowrap">
                          <Button
                            size="xs"
                            variant="default"
                            aria-label={t('jobs.retryOf', { job: job.name, id: job.id })}
                            loading={deciding.isPending && last?.job.id === job.id}
                            disabled={deciding.isPending}
                            onClick={() => deciding.mutate({ job, wanted: 'retry' })}
                          >
                            {t('jobs.retry')}
                          </Button>
                          <Button
                            size="xs"
                            variant="default"
                            className="down"
                            aria-label={t('jobs.discardOf', { job: job.name, id: job.id })}
                            disabled={deciding.isPending}
                            onClick={() => setDiscarding(job)}
                          >
                            {t('jobs.discard')}
                          </Button>
                        </Group>
                      </Table.Td>
                    )}
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
        <More query={query} />
      </Stack>
      <Modal
        opened={discarding !== undefined}
        onClose={() => setDiscarding(undefined)}
        title={discarding && t('jobs.discardTitle', { job: discarding.name, id: discarding.id })}
        centered
      >
        <Stack>
          <Text size="sm">{t('jobs.discardLead')}</Text>
          <Group justify="flex-end">
            <Button variant="default" data-autofocus onClick={() => setDiscarding(undefined)}>
              {t('people.cancel')}
            </Button>
            <Button
              color="red"
              loading={deciding.isPending}
              onClick={() => discarding && deciding.mutate({ job: discarding, wanted: 'discard' })}
            >
              {t('jobs.discard')}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </section>
  )
}
