import { en, type Key } from './messages.en.ts'
import { ko } from './messages.ko.ts'

export type { Key }
export type Language = 'en' | 'ko'
export type Translate = (key: Key, values?: Record<string, string | number>) => string

const texts: Record<Language, Record<Key, string>> = { en, ko }

/** The texts of a language, with values in the place of their names: `{name}`. */
export const translate =
  (of: Language): Translate =>
  (key, values = {}) =>
    texts[of][key].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''))
