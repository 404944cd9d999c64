import type { Texts } from './texts.ts'

// Each ends in a vowel, so that 로 follows all of them.
const roles = { owner: '소유자', admin: '관리자', member: '멤버', viewer: '뷰어' }
const fields: Record<string, string> = {
  title: '제목',
  description: '설명',
  priority: '우선순위',
  status: '상태',
  dueDate: '마감일',
  assigneeId: '담당자',
  boardId: '보드',
  labels: '라벨',
  labelIds: '라벨',
  fields: '필드',
  checklist: '체크리스트',
  attachments: '첨부 파일',
}
const listed = (changed: readonly string[]) =>
  [...new Set(changed.map((field) => fields[field] ?? '세부 정보'))].join(', ')
const quoting = (excerpt: string, otherwise = '.') => (excerpt ? `: ${excerpt}` : otherwise)
// A source counts to 100.
const manyOf = (count: number) => (count > 99 ? '99+' : `${count}`)

export const ko: Texts = {
  task_assigned: ({ actorName, taskTitle, projectName }) => ({
    title: '작업 배정',
    message: `${actorName}님이 ‘${projectName}’ 프로젝트의 ‘${taskTitle}’ 작업을 회원님에게 배정했습니다.`,
  }),
  task_due_soon: ({ taskTitle, projectName }) => ({
    title: '마감 임박',
    message: `‘${projectName}’ 프로젝트의 ‘${taskTitle}’ 작업 마감이 다가왔습니다.`,
  }),
  task_completed: ({ actorName, taskTitle, projectName }) => ({
    title: '작업 완료',
    message: `${actorName}님이 ‘${projectName}’ 프로젝트의 ‘${taskTitle}’ 작업을 완료했습니다.`,
  }),
  task_updated: ({ actorName, taskTitle, projectName, changed }, count) => ({
    title: '작업 변경',
    message:
      count > 1
        ? `‘${projectName}’ 프로젝트의 ‘${taskTitle}’ 작업이 ${count}번 변경되었습니다. 마지막으로 변경한 사람은 ${actorName}님입니다.`
        : `${actorName}님이 ‘${projectName}’ 프로젝트의 ‘${taskTitle}’ 작업${changed.length > 0 ? `에서 ${listed(changed)} 항목` : ''}을 변경했습니다.`,
  }),
  comment_added: ({ actorName, taskTitle, excerpt }, count) =>
    count > 1
      ? {
          title: `새 댓글 ${count}개`,
          message: `‘${taskTitle}’ 작업에 댓글 ${count}개가 달렸습니다. ${actorName}님${quoting(excerpt, '이 마지막으로 남겼습니다.')}`,
        }
      : { title: '새 댓글', message: `${actorName}님이 ‘${taskTitle}’ 작업에 댓글을 남겼습니다${quoting(excerpt)}` },
  mention: (data) => {
    const where =
      'taskTitle' in data ? `‘${data.taskTitle}’ 작업` : data.chatName === null ? '채팅' : `‘${data.chatName}’ 채팅방`
    return {
      title: '멘션',
      message: `${data.actorName}님이 ${where}에서 회원님을 언급했습니다${quoting(data.excerpt)}`,
    }
  },
  chat_message: ({ actorName, chatName, excerpt }, count) => ({
    title: chatName ?? actorName,
    message:
      count > 1
        ? `새 메시지 ${manyOf(count)}개. ${actorName}님${quoting(excerpt, '이 마지막으로 보냈습니다.')}`
        : `${actorName}님${quoting(excerpt, '이 메시지를 보냈습니다.')}`,
  }),
  workspace_invited: ({ actorName, workspaceName, role }) => ({
    title: '워크스페이스 초대',
    message: `${actorName}님이 ‘${workspaceName}’ 워크스페이스에 회원님을 ${roles[role]}로 초대했습니다.`,
  }),
  workspace_role_changed: ({ actorName, workspaceName, role }) => ({
    title: '역할 변경',
    message: `${actorName}님이 ‘${workspaceName}’ 워크스페이스에서 회원님의 역할을 ${roles[role]}로 변경했습니다.`,
  }),
  project_invited: ({ actorName, projectName, role }) => ({
    title: '프로젝트 초대',
    message: `${actorName}님이 ‘${projectName}’ 프로젝트에 회원님을 ${roles[role]}로 초대했습니다.`,
  }),
}
