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

export const time = (language: Language, at: string) =>
  new Date(at).toLocaleTimeString(language, { hour: '2-digit', minute: '2-digit', second: '2-digit' })

export const moment = (language: Language, at: string | null) =>
  at === null ? none : new Date(at).toLocaleString(language, { dateStyle: 'medium', timeStyle: 'medium' })

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
