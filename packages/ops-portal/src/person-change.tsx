import { Alert, Button, Group, Modal, Select, Stack, Text, Textarea, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { people } from '@wealist/contract/ops'
import { type Person, PlatformRole } from '@wealist/contract/ops/people'
import { useState } from 'react'
import { ask, client } from './api.ts'
import { useText } from './i18n.ts'
import { messageOf } from './states.tsx'

export type Change = 'suspend' | 'reactivate' | 'role' | 'rename'

/** Asks for what a change needs, and makes it. */
export const PersonChange = ({ person, change, onClose }: { person: Person; change: Change; onClose: () => void }) => {
  const { t } = useText()
  const [reason, setReason] = useState('')
  const [name, setName] = useState(person.name)
  const [role, setRole] = useState<PlatformRole>(person.role)
  const params = { id: person.id }
  const making = useMutation({
    mutationFn: () =>
      change === 'role'
        ? ask('ops', people.setRole, { params, body: { role, reason } })
        : change === 'rename'
          ? ask('ops', people.update, { params, body: { name } }, { version: person.version })
          : ask('ops', people.setStatus, {
              params,
              body: { status: change === 'suspend' ? 'suspended' : 'active', reason },
            }),
    onSuccess: onClose,
    // Also where it failed: what is shown may be what somebody else has changed.
    onSettled: () => client.invalidateQueries({ queryKey: [people.list.path] }),
  })
  return (
    <Modal opened onClose={onClose} title={t(`people.${change}Title`, { name: person.name })} centered>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          making.mutate()
        }}
      >
        <Stack>
          {change !== 'rename' && <Text size="sm">{t(`people.${change}Lead`)}</Text>}
          {change === 'role' && (
            <Select
              label={t('people.newRole')}
              allowDeselect={false}
              data={PlatformRole.options.map((value) => ({ value, label: t(`role.${value}`) }))}
              value={role}
              onChange={(value) => setRole(value as PlatformRole)}
            />
          )}
          {change === 'rename' ? (
            <TextInput
              label={t('people.newName')}
              required
              maxLength={100}
              data-autofocus
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
          ) : (
            <Textarea
              label={t('people.reason')}
              description={t('people.reasonLead')}
              required
              maxLength={500}
              autosize
              minRows={2}
              data-autofocus
              value={reason}
              onChange={(event) => setReason(event.currentTarget.value)}
            />
          )}
          {making.error && (
            <Alert color="red" variant="light" role="alert">
              {messageOf(t, making.error)}
            </Alert>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t('people.cancel')}
            </Button>
            <Button type="submit" color={change === 'suspend' ? 'red' : undefined} loading={making.isPending}>
              {t(`people.${change === 'role' ? 'changeRole' : change}`)}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
