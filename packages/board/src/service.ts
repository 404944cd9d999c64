import * as contract from '@wealist/contract/board'
import { service } from '@wealist/kit/service'
import * as attachments from './attachments.routes.ts'
import * as activity from './activity.routes.ts'
import * as boards from './boards.routes.ts'
import * as comments from './comments.routes.ts'
import * as customFields from './custom-fields.routes.ts'
import * as checklist from './checklist.routes.ts'
import { Config, open } from './deps.ts'
import * as events from './events.routes.ts'
import { jobs } from './jobs.ts'
import * as joinRequests from './join-requests.routes.ts'
import * as labels from './labels.routes.ts'
import * as members from './members.routes.ts'
import { projectSocket } from './projects.live.ts'
import * as projects from './projects.routes.ts'
import * as search from './search.routes.ts'
import * as tasks from './tasks.routes.ts'
import * as trash from './trash.routes.ts'
import * as trello from './trello.routes.ts'
import * as watchers from './watchers.routes.ts'

export const board = service({
  name: 'board',
  contract,
  config: Config,
  open,
  features: [
    projects.routes,
    members.routes,
    joinRequests.routes,
    boards.routes,
    tasks.routes,
    attachments.routes,
    checklist.routes,
    labels.routes,
    customFields.routes,
    comments.routes,
    watchers.routes,
    events.routes,
    search.routes,
    trash.routes,
    activity.routes,
    trello.routes,
  ],
  sockets: [projectSocket],
  jobs,
  migrations: new URL('../migrations/', import.meta.url),
})
