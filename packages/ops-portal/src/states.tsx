import { Alert, Button, Group, Skeleton, Stack, Text, Title } from '@mantine/core'
import { Problem } from '@wealist/contract/problem'
import type { UseQueryResult } from '@tanstack/react-query'
import { type ReactNode, useEffect, useRef } from 'react'
import { type Key, type Translate, useText } from './i18n.ts'

/** A page: its title is the document's, and takes the focus when one comes here. */
export const Page = ({ title, aside, children }: { title: Key; aside?: ReactNode; children: ReactNode }) => {
  const { t } = useText()
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus({ preventScroll: true }), [])
  return (
    <Stack gap="lg">
      <title>{`${t(title)} · weAlist`}</title>
      <Group justify="space-between" align="center">
        <Title order={1} size="h2" tabIndex={-1} ref={heading}>
          {t(title)}
        </Title>
        {aside}
      </Group>
      {children}
    </Stack>
  )
}

/** What went wrong, in the reader's language; the contract's own words where those say more. */
export const messageOf = (t: Translate, error: unknown): string => {
  if (!(error instanceof Problem)) return t('state.failed')
  const details = error.details?.map(({ path, message }) => `${path} ${message}`).join(', ') ?? ''
  return t(`error.${error.code}`, { details })
}

/** `what` names what could not be loaded, where the page has more than one thing to load. */
export const Failed = ({ error, what, onRetry }: { error: unknown; what?: Key; onRetry?: () => void }) => {
  const { t } = useText()
  return (
    <Alert
      color="red"
      variant="light"
      classNames={{ title: 'down' }}
      title={what ? t('state.failedOf', { what: t(what) }) : t('state.failed')}
      role="alert"
    >
      <Group justify="space-between">
        <Stack gap={2} flex="1 1 16rem">
          <Text size="sm">{messageOf(t, error)}</Text>
          {error instanceof Problem && error.code === 'UNAVAILABLE' && (
            <>
              <Text size="sm">{t('state.stays')}</Text>
              <Text size="sm" lang="en" className="long">
                {error.message}
              </Text>
            </>
          )}
          {error instanceof Problem && error.requestId && (
            <Text size="xs" c="dimmed" className="long">
              {t('state.request', { id: error.requestId })}
            </Text>
          )}
        </Stack>
        {onRetry && (
          <Button size="xs" variant="default" onClick={onRetry}>
            {t('state.retry')}
          </Button>
        )}
      </Group>
    </Alert>
  )
}

export const Loading = ({ lines = 6 }: { lines?: number }) => {
  const { t } = useText()
  return (
    <Stack gap="sm" role="status" aria-label={t('state.loading')}>
      {Array.from({ length: lines }, (_, i) => (
        <Skeleton key={i} height={28} />
      ))}
    </Stack>
  )
}

export const Empty = ({ children }: { children: ReactNode }) => (
  <Text c="dimmed" ta="center" py="xl">
    {children}
  </Text>
)

/**
 * What a query gave. While it loads for the first time that is shown; an error is shown above what was there before, which
 * stays.
 */
export const Loaded = <T,>({ query, children }: { query: UseQueryResult<T>; children: (data: T) => ReactNode }) => (
  <>
    {query.error && <Failed error={query.error} onRetry={() => void query.refetch()} />}
    {query.data !== undefined ? children(query.data) : !query.error && <Loading />}
  </>
)
