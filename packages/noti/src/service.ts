import * as contract from '@wealist/contract/noti'
import { service } from '@wealist/kit/service'
import { Config, open } from './deps.ts'
import * as internal from './internal.routes.ts'
import { jobs } from './jobs.ts'
import * as notifications from './notifications.routes.ts'
import * as preferences from './preferences.routes.ts'
import * as stream from './stream.routes.ts'

export const noti = service({
  name: 'noti',
  contract,
  config: Config,
  open,
  features: [notifications.routes, preferences.routes, stream.routes, internal.routes],
  jobs,
  migrations: new URL('../migrations/', import.meta.url),
})
