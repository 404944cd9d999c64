import * as contract from '@wealist/contract/storage'
import { service } from '@wealist/kit/service'
import { Config, open } from './deps.ts'
import * as files from './files.routes.ts'
import * as folders from './folders.routes.ts'
import { jobs } from './jobs.ts'
import * as shares from './shares.routes.ts'
import * as trash from './trash.routes.ts'
import * as uploads from './uploads.routes.ts'
import * as usage from './usage.routes.ts'

export const storage = service({
  name: 'storage',
  contract,
  config: Config,
  open,
  features: [folders.routes, uploads.routes, files.routes, trash.routes, shares.routes, usage.routes],
  jobs,
  migrations: new URL('../migrations/', import.meta.url),
})
