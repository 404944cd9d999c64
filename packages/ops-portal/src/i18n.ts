import { useSyncExternalStore } from 'react'
import { en, type Key } from './messages.en.ts'
import { ko } from './messages.ko.ts'

export type { Key }
export type Language = 'en' | 'ko'
const texts: Record<Language, Record<Key, string>> = { en, ko }
const stored = 'wealist.language'

const first = (): Language => {
  const chosen = localStorage.getItem(stored) ?? navigator.language
  return chosen.startsWith('ko') ? 'ko' : 'en'
}
let language = first()
document.documentElement.lang = language
const listeners = new Set<() => void>()

export const choose = (next: Language) => {
  language = next
  localStorage.setItem(stored, next)
  document.documentElement.lang = next
  for (const listener of listeners) listener()
}

export type Translate = (key: Key, values?: Record<string, string | number>) => string

const translate =
  (of: Language): Translate =>
  (key, values = {}) =>
    texts[of][key].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''))
const translators = { en: translate('en'), ko: translate('ko') }

/** `t(key, values)` in the language that is chosen, and which one that is. */
export const useText = () => {
  const now = useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    () => language,
  )
  return { t: translators[now], language: now }
}
