import { Alert, Badge, Button, Card, Group, Select, SimpleGrid, Switch, Text } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { logs } from '@wealist/contract/ops'
import { Level, type LogLine } from '@wealist/contract/ops/logs'
import { serviceNames } from '@wealist/contract/topology'
import { useState } from 'react'
import { ask } from './api.ts'
import { time, zone } from './format.ts'
import { useText } from './i18n.ts'
import { AnchorLink } from './links.tsx'
import { saidBy } from './log-line.ts'
import { SearchBox } from './search-box.tsx'
import { Empty, Loaded, Page } from './states.tsx'

const every = 2000

export const Logs = () => {
  const { t, language } = useText()
  const { service, level = 'info', q } = useSearch({ from: '/logs' })
  const navigate = useNavigate({ from: '/logs' })
  const [live, setLive] = useState(true)
  const asked = { ...(service && { service }), level, ...(q && { q }) }
  const query = useInfiniteQuery({
    queryKey: [logs.list.path, asked],
    queryFn: ({ pageParam, signal }) =>
      ask('ops', logs.list, { query: { ...asked, limit: 100, ...(pageParam && { cursor: pageParam }) } }, { signal }),
    initialPageParam: '',
    getNextPageParam: (last) => last.nextCursor,
    maxPages: 20,
    // Older pages stand still: only the newest one goes on by itself.
    refetchInterval: ({ state }) => (live && (state.data?.pages.length ?? 1) === 1 ? every : false),
  })
  return (
    <Page
      title="page.logs"
      aside={
        <Switch label={t('logs.live')} checked={live} onChange={(event) => setLive(event.currentTarget.checked)} />
      }
    >
      <SimpleGrid cols={{ base: 1, xs: 3 }} spacing="sm">
        <Select
          label={t('logs.service')}
          placeholder={t('logs.all')}
          clearable
          data={serviceNames}
          value={service ?? null}
          onChange={(value) =>
            void navigate({ search: (s) => ({ ...s, service: (value ?? undefined) as never }), replace: true })
          }
        />
        <Select
          label={t('logs.level')}
          data={Level.options}
          allowDeselect={false}
          value={level}
          onChange={(value) => void navigate({ search: (s) => ({ ...s, level: value as Level }), replace: true })}
        />
        <SearchBox
          label={t('logs.text')}
          value={q}
          maxLength={200}
          onSearch={(text) => void navigate({ search: (s) => ({ ...s, q: text }), replace: true })}
        />
      </SimpleGrid>
      <Loaded query={query}>
        {({ pages }) => {
          const lines = pages.flatMap((page) => page.items)
          const missing = pages[0]!.missing
          return (
            <>
              {missing.length > 0 && (
                <Alert color="orange" variant="light" role="note">
                  {t('logs.missing', { names: missing.join(', ') })}{' '}
                  {service && (
                    <AnchorLink
                      to="/logs"
                      search={{ q: service, level: 'warn' }}
                      c="inherit"
                      underline="always"
                      reloadDocument
                    >
                      {t('logs.ofOthers', { name: service })}
                    </AnchorLink>
                  )}
                </Alert>
              )}
              {lines.length === 0 ? (
                // Whose lines cannot be read is told above; that there are none is not known.
                missing.length === 0 && <Empty>{t(q ? 'logs.empty' : 'logs.emptyLevel')}</Empty>
              ) : (
                <Card withBorder p="xs" role="log" aria-label={t('page.logs')} aria-live="off" tabIndex={0}>
                  {lines.map((line) => (
                    <Line key={line.id} line={line} />
                  ))}
                </Card>
              )}
              <Group justify="space-between">
                <Text size="sm" c="dimmed">
                  {t(`logs.source.${pages[0]!.source}`)} {t('logs.zone', { zone: zone(language) })}
                </Text>
                {query.hasNextPage && (
                  <Button
                    variant="default"
                    loading={query.isFetchingNextPage}
                    onClick={() => void query.fetchNextPage()}
                  >
                    {t('logs.older')}
                  </Button>
                )}
              </Group>
            </>
          )
        }}
      </Loaded>
    </Page>
  )
}

const conditions: Record<Level, string> = { debug: '', info: '', warn: 'degraded', error: 'down', fatal: 'down' }

/** What a line says in a few words; the rest of it opens. */
const Line = ({ line }: { line: LogLine }) => {
  const { t, language } = useText()
  return (
    <details className="line">
      <summary>
        <time dateTime={line.at} title={line.at}>
          {time(language, line.at)}
        </time>
        <span className={conditions[line.level]}>{line.level}</span>
        <span className="of">
          <Badge size="xs" variant="default" tt="none">
            {line.service}
          </Badge>
        </span>
        <span className="said">{saidBy(line)}</span>
      </summary>
      <pre aria-label={t('logs.copy')}>
        {JSON.stringify(
          { at: line.at, service: line.service, requestId: line.requestId ?? undefined, ...line.fields },
          null,
          2,
        )}
      </pre>
    </details>
  )
}
