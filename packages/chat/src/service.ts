import * as contract from '@wealist/contract/chat'
import { service } from '@wealist/kit/service'
import * as attachments from './attachments.routes.ts'
import * as calls from './calls.routes.ts'
import { Config, open } from './deps.ts'
import { jobs } from './jobs.ts'
import * as messages from './messages.routes.ts'
import * as participants from './participants.routes.ts'
import * as presence from './presence.routes.ts'
import { presenceSocket, roomSocket, roomsSocket } from './rooms.live.ts'
import * as rooms from './rooms.routes.ts'

export const chat = service({
  name: 'chat',
  contract,
  config: Config,
  open,
  features: [rooms.routes, participants.routes, messages.routes, attachments.routes, calls.routes, presence.routes],
  sockets: [roomSocket, roomsSocket, presenceSocket],
  jobs,
  migrations: new URL('../migrations/', import.meta.url),
})
