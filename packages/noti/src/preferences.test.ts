import { preferences } from '@wealist/contract/noti'
import type { NewPreferences } from '@wealist/contract/noti/preferences'
import { type NotiService, notiService } from '@wealist/dev/testing/noti-service'
import { newId } from '@wealist/kit/ids'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { heard } from './preferences.ts'

const none: NewPreferences = { timezone: 'UTC', quietHours: null, inApp: {}, workspaces: [] }
const at = (time: string, more: Partial<NewPreferences> = {}) =>
  heard({ ...none, ...more }, { type: 'mention', workspaceId: 'here', at: new Date(time) })

test('quiet hours end where they end, over midnight and over a change of the clocks', () => {
  const day = { quietHours: { start: '09:00', end: '17:00' } }
  expect(['08:59', '09:00', '16:59', '17:00'].map((t) => at(`2026-01-01T${t}:30Z`, day))).toEqual([
    'aloud',
    'silently',
    'silently',
    'aloud',
  ])
  const night = { quietHours: { start: '23:00', end: '00:00' }, timezone: 'Europe/Berlin' }
  // An hour ahead of UTC in winter, two in summer.
  expect(at('2026-01-15T22:30:00Z', night)).toBe('silently')
  expect(at('2026-07-15T22:30:00Z', night)).toBe('aloud')
  expect(at('2026-07-15T21:30:00Z', night)).toBe('silently')
})

let service: NotiService
beforeAll(async () => void (service = await notiService()))
afterAll(() => service.stop())

test('preferences are whole, everything on until set, and two who change them at once know of each other', async () => {
  const alice = { id: newId() }
  const put = (body: NewPreferences, headers = {}) => service.as(alice)(preferences.put, { body }, headers)
  const code = (work: Promise<unknown>) =>
    work.then(
      () => 'OK',
      (e: { code: string }) => e.code,
    )
  expect(await service.as(alice)(preferences.get, {})).toEqual({ ...none, version: 0 })
  expect(await code(put(none, { 'if-match': '"3"' }))).toBe('VERSION_MISMATCH')
  const wanted: NewPreferences = {
    timezone: 'Asia/Seoul',
    quietHours: { start: '22:00', end: '07:30' },
    inApp: { mention: false },
    workspaces: [{ workspaceId: newId(), inApp: { mention: true } }],
  }
  const first = await Promise.all(Array.from({ length: 5 }, () => code(put(wanted, { 'if-match': '"0"' }))))
  expect(first.toSorted()).toEqual(['OK', ...Array<string>(4).fill('VERSION_MISMATCH')])
  expect(await service.as(alice)(preferences.get, {})).toEqual({ ...wanted, version: 1 })
  expect(await put({ ...wanted, quietHours: null })).toEqual({ ...wanted, quietHours: null, version: 2 })
  for (const bad of [
    { ...wanted, timezone: 'Mars/Olympus' },
    { ...wanted, timezone: '+09:00' },
    { ...wanted, quietHours: { start: '22:00', end: '22:00' } },
    { ...wanted, quietHours: { start: '24:00', end: '07:00' } },
    { ...wanted, inApp: { nonsense: true } },
    { ...wanted, workspaces: [...wanted.workspaces, ...wanted.workspaces] },
  ])
    expect(await code(put(bad as NewPreferences)), JSON.stringify(bad)).toBe('VALIDATION_ERROR')
})
