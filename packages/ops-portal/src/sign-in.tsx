import {
  Alert,
  Button,
  Center,
  Divider,
  Group,
  Paper,
  PasswordInput,
  Stack,
  Text,
  TextInput,
  Title,
} from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { finish, toGoogle } from './google.ts'
import { useText } from './i18n.ts'
import { signIn, whyEnded } from './session.ts'
import { Appearance } from './shell.tsx'
import { messageOf } from './states.tsx'

export const SignIn = ({ failed }: { failed?: string | undefined }) => {
  const { t } = useText()
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const trying = useMutation({ mutationFn: () => signIn(email, password) })
  const why = whyEnded()
  const suspended = why === 'ACCOUNT_SUSPENDED' || failed === 'account_suspended' || failed === 'account_inactive'
  const before = suspended
    ? t('signIn.suspended')
    : failed === 'address_taken'
      ? t('signIn.taken')
      : failed
        ? t('signIn.failed', { code: failed })
        : why
          ? t('signIn.again')
          : undefined
  return (
    <Center component="main" mih="100vh" p="lg">
      <title>{`${t('signIn.title')} · weAlist`}</title>
      <Stack w={380} gap="md">
        <Group justify="space-between">
          <img src="/icon.svg" alt="weAlist" width={40} height={40} />
          <Appearance />
        </Group>
        <Title order={1} size="h3">
          {t('signIn.title')}
        </Title>
        {trying.error ? (
          <Alert color="red" variant="light" role="alert">
            {messageOf(t, trying.error)}
          </Alert>
        ) : (
          before && (
            <Alert color="orange" variant="light" role="status">
              {before}
            </Alert>
          )
        )}
        <Paper
          withBorder
          p="lg"
          component="form"
          onSubmit={(event) => {
            event.preventDefault()
            trying.mutate()
          }}
        >
          <Stack>
            <TextInput
              label={t('signIn.email')}
              type="email"
              name="email"
              autoComplete="username"
              required
              value={email}
              onChange={(event) => setEmail(event.currentTarget.value)}
            />
            <PasswordInput
              label={t('signIn.password')}
              name="password"
              autoComplete="current-password"
              required
              value={password}
              onChange={(event) => setPassword(event.currentTarget.value)}
            />
            <Button type="submit" loading={trying.isPending}>
              {t('signIn.submit')}
            </Button>
            <Divider label={t('signIn.or')} />
            <Button variant="default" onClick={() => void toGoogle()}>
              {t('signIn.google')}
            </Button>
          </Stack>
        </Paper>
      </Stack>
    </Center>
  )
}

/** Where Google's sign-in comes back to. */
export const Callback = () => {
  const { t } = useText()
  const navigate = useNavigate()
  const { code, error } = useSearch({ from: '/callback' })
  const [failed, setFailed] = useState(error)
  useEffect(() => {
    if (code === undefined) return
    finish(code).then(
      (to) => navigate({ to, replace: true }),
      (problem: { code?: string }) => setFailed(problem.code?.toLowerCase() ?? 'unknown'),
    )
  }, [code, navigate])
  if (failed !== undefined || code === undefined) return <SignIn failed={failed ?? 'unknown'} />
  return (
    <Center component="main" mih="100vh">
      <Text role="status">{t('signIn.finishing')}</Text>
    </Center>
  )
}
