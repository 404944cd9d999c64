import { Alert, Button, Card, Group, NumberInput, Select, Stack, Text, Textarea } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { settings } from '@wealist/contract/ops'
import { settings as known, type Setting } from '@wealist/contract/ops/settings'
import { useState } from 'react'
import { ask, client, reading } from './api.ts'
import { milliseconds, moment } from './format.ts'
import { useText } from './i18n.ts'
import { useSession } from './session.ts'
import { isShare } from './shares.ts'
import { Loaded, messageOf, Page } from './states.tsx'

export const Settings = () => {
  const { t } = useText()
  const admin = useSession()?.me.role === 'admin'
  const query = useQuery(reading(settings.list, {}))
  const [saved, setSaved] = useState<Setting['key']>()
  return (
    <Page
      title="page.settings"
      aside={
        <Text size="sm" role="status" data-testid="saved">
          {saved && t('settings.saved', { what: t(`setting.${saved}`) })}
        </Text>
      }
    >
      <Text c="dimmed" size="sm">
        {t(admin ? 'settings.lead' : 'settings.readOnly')}
      </Text>
      <Loaded query={query}>
        {({ items }) => (
          <Stack maw={640}>
            {items.map((setting) => (
              // Another version is another form: what was typed against the old one is not sent against the new.
              <Form key={`${setting.key} ${setting.version}`} setting={setting} admin={admin} onSaved={setSaved} />
            ))}
          </Stack>
        )}
      </Loaded>
    </Page>
  )
}

interface FormProps {
  setting: Setting
  admin: boolean
  /** Told after the form of the old version is gone; nothing while one is being saved. */
  onSaved: (key?: Setting['key']) => void
}

const Form = ({ setting, admin, onSaved }: FormProps) => {
  const { t, language } = useText()
  const { key, version, updatedAt } = setting
  // Shares are shown in per cent; rounding keeps 99.9 from becoming 99.90000000000001.
  const shown = isShare(key) ? Math.round(Number(setting.value) * 1e6) / 1e4 : setting.value
  const [value, setValue] = useState(shown)
  const making = useMutation({
    mutationFn: () => {
      const sent = isShare(key) ? Math.round(Number(value) * 1e4) / 1e6 : value
      return ask('ops', settings.set, { params: { key }, body: { value: sent } }, { version })
    },
    onMutate: () => onSaved(),
    onSuccess: () => onSaved(key),
    onSettled: () => client.invalidateQueries({ queryKey: [settings.list.path] }),
  })
  const field = { label: t(`setting.${key}`), description: t(`setting.${key}.lead`), readOnly: !admin }
  return (
    <Card
      withBorder
      component="form"
      data-setting={key}
      onSubmit={(event) => {
        event.preventDefault()
        making.mutate()
      }}
    >
      <Stack gap="sm">
        {key === 'announcement' ? (
          <Textarea
            {...field}
            maxLength={500}
            autosize
            minRows={2}
            value={value}
            onChange={(e) => setValue(e.currentTarget.value)}
          />
        ) : key === 'slo.latencyMs' ? (
          <Select
            {...field}
            allowDeselect={false}
            data={[...known[key].value.values].map((ms) => ({ value: String(ms), label: milliseconds(language, ms) }))}
            value={String(value)}
            onChange={(next) => setValue(Number(next))}
          />
        ) : (
          <NumberInput
            {...field}
            hideControls={!admin}
            step={0.1}
            decimalScale={4}
            suffix="%"
            value={value}
            onChange={setValue}
          />
        )}
        <Group justify="space-between">
          <Text size="xs" c="dimmed">
            {updatedAt ? t('settings.changed', { time: moment(language, updatedAt) }) : t('settings.unset')}
          </Text>
          {admin && (
            <Button type="submit" size="xs" disabled={value === shown} loading={making.isPending}>
              {t('settings.save')}
            </Button>
          )}
        </Group>
        {making.error && (
          <Alert color="red" variant="light" role="alert">
            {messageOf(t, making.error)}
          </Alert>
        )}
      </Stack>
    </Card>
  )
}
