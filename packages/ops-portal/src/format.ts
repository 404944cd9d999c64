import type { Language } from './i18n.ts'

// Numbers and times as the language writes them; what is not known is a dash.
const none = '–'

export const number = (language: Language, value: number | null, digits = 1) =>
  value === null ? none : value.toLocaleString(language, { maximumFractionDigits: digits })

export const share = (language: Language, value: number | null, digits = 2) =>
  value === null ? none : value.toLocaleString(language, { style: 'percent', maximumFractionDigits: digits })

export const milliseconds = (language: Language, value: number | null) =>
  value === null
    ? none
    : value < 1000
      ? `${number(language, value, value < 10 ? 1 : 0)} ms`
      : `${number(language, value / 1000, 2)} s`

export const bytes = (language: Language, value: number | null) =>
  value === null ? none : `${number(language, value / 1024 / 1024, 0)} MB`

// By the clock of 24 hours, as logs are read; the zone stands where it can be doubted.
const clock = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const

/** The zone that times are shown in, as it is called then: `GMT+9`. */
export const zone = (language: Language, at: string | number = Date.now()) =>
  new Intl.DateTimeFormat(language, { timeZoneName: 'short' })
    .formatToParts(new Date(at))
    .find(({ type }) => type === 'timeZoneName')!.value

/** A time of day; with its day where that is not today. */
export const time = (language: Language, at: string) => {
  const when = new Date(at)
  const today = when.toDateString() === new Date().toDateString()
  return when.toLocaleString(language, { ...(!today && { month: '2-digit', day: '2-digit' }), ...clock })
}

// The zone apart: beside it Korean would spell the hours out.
export const moment = (language: Language, at: string | null) =>
  at === null ? none : `${day(language, at)} ${new Date(at).toLocaleTimeString(language, clock)} ${zone(language, at)}`

/** Hours and minutes, for an axis. */
export const minute = (language: Language, at: string | number) =>
  new Date(at).toLocaleTimeString(language, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })

export const day = (language: Language, at: string) =>
  new Date(at).toLocaleDateString(language, { dateStyle: 'medium' })

/** A span of seconds in its greatest whole unit. */
export const span = (language: Language, seconds: number) => {
  const [value, unit] =
    seconds >= 172_800
      ? [seconds / 86_400, 'day']
      : seconds >= 7200
        ? [seconds / 3600, 'hour']
        : seconds >= 120
          ? [seconds / 60, 'minute']
          : [seconds, 'second']
  return new Intl.NumberFormat(language, {
    style: 'unit',
    unit: unit as string,
    unitDisplay: 'long',
    maximumFractionDigits: 0,
  }).format(value as number)
}

/** A period of the contract, `15m`, as the language writes it in short. */
export const periodIn = (language: Language, of: string) =>
  new Intl.NumberFormat(language, {
    ...{ style: 'unit', unitDisplay: 'narrow' },
    unit: of.endsWith('h') ? 'hour' : 'minute',
  }).format(parseInt(of))
