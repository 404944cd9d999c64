import type { kinds, NotificationType } from '@wealist/contract/noti/kinds'
import type { Notification } from '@wealist/contract/noti/notifications'
import type { Language } from '@wealist/contract/noti/stream'
import type * as z from 'zod'
import { en } from './texts.en.ts'
import { ko } from './texts.ko.ts'

export interface Text {
  title: string
  message: string
}

/** What is said of each type, from what it is about and how many events it stands for. */
export type Texts = {
  [T in NotificationType]: (data: z.output<(typeof kinds)[T]>, count: number) => Text
}

const texts: Record<Language, Texts> = { en, ko }

type WithoutText<N> = N extends Notification ? Omit<N, keyof Text> : never
/** A notification as it is stored, and as the log has it: in no language. */
export type Stored = WithoutText<Notification>

export const inLanguage = (stored: Stored, language: Language): Notification => {
  const { id, type, ...rest } = stored
  const say = texts[language][type] as (data: unknown, count: number) => Text
  return { id, type, ...say(stored.data, stored.count), ...rest } as Notification
}
