import type { Service } from '@wealist/contract/ops/status'
import { ownsInKorean } from '@wealist/contract/topology'
import type { Language } from './i18n.ts'

/** What a service owns, in the reader's language. */
export const owns = (language: Language, service: Pick<Service, 'name' | 'owns'>) =>
  language === 'ko' ? ownsInKorean[service.name] : service.owns
