import type { Service } from '@wealist/contract/ops/status'
import type { Language } from './i18n.ts'

const inKorean: Record<Service['name'], string> = {
  auth: '세션, 토큰, 서명 키, Google 로그인',
  user: '사용자, 프로필, 워크스페이스, 멤버',
  board: '프로젝트, 보드(열), 작업, 댓글',
  chat: '채팅방, 메시지, 읽음 상태, 통화',
  noti: '알림, 알림 설정, 실시간 스트림',
  storage: '파일, 폴더, 공유',
  ops: '감사 로그와 설정 (user_db 안의 ops 스키마)',
}

/** What a service owns, in the reader's language. */
export const owns = (language: Language, service: Pick<Service, 'name' | 'owns'>) =>
  language === 'ko' ? inKorean[service.name] : service.owns
