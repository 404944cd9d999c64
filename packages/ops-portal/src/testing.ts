import type { Language, Translate } from './i18n.ts'
import { en } from './messages.en.ts'
import { ko } from './messages.ko.ts'

/** The texts without the browser that keeps which language was chosen. */
export const texts =
  (language: Language): Translate =>
  (key, values = {}) =>
    ({ en, ko })[language][key].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''))
