import {
  ActionIcon,
  Alert,
  AppShell,
  Burger,
  Button,
  Center,
  Group,
  SegmentedControl,
  Stack,
  Text,
  Title,
  useComputedColorScheme,
  useMantineColorScheme,
} from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { Outlet, useLocation } from '@tanstack/react-router'
import { sessions } from '@wealist/contract/auth'
import { settings } from '@wealist/contract/ops'
import { useEffect } from 'react'
import { ask, client, reading } from './api.ts'
import { useLost } from './connection.ts'
import { choose, type Language, useText } from './i18n.ts'
import { Icon, type IconName } from './icons.tsx'
import { ButtonLink, PageLink } from './links.tsx'
import { type Session, signOut, useSession } from './session.ts'
import { SignIn } from './sign-in.tsx'

const pages = [
  { to: '/', name: 'overview' },
  { to: '/services', name: 'services' },
  { to: '/objectives', name: 'slo' },
  { to: '/logs', name: 'logs' },
  { to: '/deployments', name: 'deployments' },
  { to: '/people', name: 'people' },
  { to: '/audit', name: 'audit' },
  { to: '/settings', name: 'settings' },
] as const satisfies readonly { to: string; name: IconName }[]

/** Everything is behind the sign-in; who comes back is where they wanted to be. */
export const Root = () => {
  const session = useSession()
  const { pathname } = useLocation()
  // What one person was shown is not the next one's to see.
  const id = session?.me.id
  useEffect(() => () => client.clear(), [id])
  if (pathname === '/callback') return <Outlet />
  if (!session) return <SignIn />
  return session.me.role === 'user' ? <NoRole email={session.me.email} /> : <Shell session={session} />
}

const NoRole = ({ email }: { email: string }) => {
  const { t } = useText()
  // A role that somebody gives ends the token, and the next one brings it.
  useQuery({ queryKey: ['me'], queryFn: () => ask('auth', sessions.me, {}), refetchInterval: 3000 })
  return (
    <Center component="main" mih="100vh" p="lg">
      <Stack maw={480} align="center">
        <title>weAlist</title>
        <Title order={1} size="h3">
          weAlist
        </Title>
        <Text ta="center">{t('app.noRole', { email })}</Text>
        <Button onClick={() => void signOut()}>{t('app.signOut')}</Button>
      </Stack>
    </Center>
  )
}

const Shell = ({ session }: { session: Session }) => {
  const { t } = useText()
  const [open, { toggle, close }] = useDisclosure()
  const { pathname } = useLocation()
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 220, breakpoint: 'sm', collapsed: { mobile: !open } }}
      padding="lg"
      withBorder
    >
      <a className="skip" href="#content">
        {t('app.skip')}
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger
              opened={open}
              onClick={toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label={t('app.menu')}
              aria-expanded={open}
              aria-controls="pages"
            />
            <img src="/icon.svg" alt="" width={28} height={28} />
            <Text fw={700}>weAlist</Text>
            <Text c="dimmed" visibleFrom="xs">
              {t('app.operators')}
            </Text>
          </Group>
          <Group gap="sm" wrap="nowrap">
            <Appearance />
            <Group gap="sm" wrap="nowrap" visibleFrom="sm">
              <Account session={session} />
            </Group>
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" id="pages" aria-label={t('app.nav')}>
        {pages.map(({ to, name }) => (
          <PageLink
            key={to}
            to={to}
            search={{}}
            onClick={close}
            active={pathname === to}
            aria-current={pathname === to ? 'page' : undefined}
            label={t(`page.${name}`)}
            leftSection={<Icon name={name} />}
            style={{ borderRadius: 'var(--mantine-radius-md)' }}
          />
        ))}
        <Group justify="space-between" p="sm" mt="auto" wrap="nowrap" hiddenFrom="sm">
          <Account session={session} />
        </Group>
      </AppShell.Navbar>
      <AppShell.Main id="content">
        <Stack gap="md" maw={1280} mx="auto">
          <Notices />
          <Outlet />
        </Stack>
      </AppShell.Main>
    </AppShell>
  )
}

const Account = ({ session }: { session: Session }) => {
  const { t } = useText()
  return (
    <>
      <Text size="sm">
        {session.me.name}{' '}
        <Text span c="dimmed" size="sm">
          ({t(`role.${session.me.role}`)})
        </Text>
      </Text>
      <Button size="xs" variant="default" onClick={() => void signOut()}>
        {t('app.signOut')}
      </Button>
    </>
  )
}

/** Language and colours, on every page, also before one has signed in. */
export const Appearance = () => {
  const { t, language } = useText()
  const { setColorScheme } = useMantineColorScheme()
  const other = useComputedColorScheme('light') === 'dark' ? 'light' : 'dark'
  return (
    <Group gap="xs" wrap="nowrap">
      <SegmentedControl
        size="xs"
        aria-label={t('app.language')}
        value={language}
        onChange={(value) => choose(value as Language)}
        data={[
          { value: 'en', label: 'EN' },
          { value: 'ko', label: '한국어' },
        ]}
      />
      <ActionIcon
        variant="default"
        size={30}
        aria-label={t(`app.scheme.${other}`)}
        onClick={() => setColorScheme(other)}
      >
        <Icon name={other} />
      </ActionIcon>
    </Group>
  )
}

const Notices = () => {
  const { t } = useText()
  const lost = useLost()
  const all = useQuery(reading(settings.list, {}, 30_000))
  const said = all.data?.items.find((s) => s.key === 'announcement')?.value
  return (
    <>
      {lost && (
        <Alert color="orange" variant="light" role="alert">
          {t('app.lost')}
        </Alert>
      )}
      {said ? (
        <Alert color="indigo" variant="light" role="status">
          {said}
        </Alert>
      ) : null}
    </>
  )
}

export const NotFound = () => {
  const { t } = useText()
  return (
    <Stack align="flex-start">
      <Title order={1} size="h2">
        {t('app.notFound')}
      </Title>
      <ButtonLink to="/">{t('app.home')}</ButtonLink>
    </Stack>
  )
}
