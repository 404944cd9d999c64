import { expect, test } from 'vitest'
import { name, timezone } from './fields.ts'
import { NewPreferences } from './noti/preferences.ts'
import { ProfileChange } from './user/profiles.ts'

const takes = (given: string) => name().safeParse(given).success

test('a name may be of any script and none that nobody sees', () => {
  for (const one of ['김민호', 'Ångström', 'محمد', 'क्‍ष', '👩‍👩‍👧', 'می‌خواهم', 'e\u0301', '𠮷野家', 'O’Brien'])
    expect([one, takes(one)]).toEqual([one, true])
  for (const one of ['', ' ', '\u3164', '\u200b\u200b', '\u2060 \ufeff', '\u115f\u1160', '\u00ad', '\ufe0f'])
    expect([one, takes(one)]).toEqual([one, false])
})

test('a name is one line, whichever way a line is broken', () => {
  for (const line of ['\n', '\r', '\u0085', '\u2028', '\u2029', '\u0007', '\u009f'])
    expect(takes(`a${line}b`)).toBe(false)
})

test('what is a time zone to a profile is one to preferences, and an offset is none', () => {
  const preferences = { quietHours: null, inApp: {}, workspaces: [] }
  for (const zone of ['Asia/Seoul', 'Etc/GMT+9', 'UTC', '+09:00', '-0300', 'Seoul', '']) {
    const is = timezone.safeParse(zone).success
    expect(is).toBe(/^(Asia|Etc|UTC)/.test(zone))
    expect([zone, ProfileChange.safeParse({ timezone: zone }).success]).toEqual([zone, is])
    expect([zone, NewPreferences.safeParse({ ...preferences, timezone: zone }).success]).toEqual([zone, is])
  }
})
