import { useSyncExternalStore } from 'react'
import { type Key, type Language, translate, type Translate } from './translate.ts'

export type { Key, Language, Translate }
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
