import * as contract from '@wealist/contract/user'
import { service } from '@wealist/kit/service'
import { Config, open } from './deps.ts'
import * as internal from './internal.routes.ts'
import * as invitations from './invitations.routes.ts'
import { jobs } from './jobs.ts'
import * as joinRequests from './join-requests.routes.ts'
import * as members from './members.routes.ts'
import * as profiles from './profiles.routes.ts'
import * as users from './users.routes.ts'
import * as workspaces from './workspaces.routes.ts'

export const user = service({
  name: 'user',
  contract,
  config: Config,
  open,
  features: [
    users.routes,
    profiles.routes,
    workspaces.routes,
    members.routes,
    invitations.routes,
    joinRequests.routes,
    internal.routes,
  ],
  jobs,
  migrations: new URL('../migrations/', import.meta.url),
})
