import * as contract from '@wealist/contract/ops'
import { service } from '@wealist/kit/service'
import * as audit from './audit.routes.ts'
import * as deployments from './deployments.routes.ts'
import { Config, open } from './deps.ts'
import * as jobs from './jobs.routes.ts'
import * as logs from './logs.routes.ts'
import * as metrics from './metrics.routes.ts'
import * as people from './people.routes.ts'
import * as settings from './settings.routes.ts'
import * as slo from './slo.routes.ts'
import * as status from './status.routes.ts'

export const ops = service({
  name: 'ops',
  contract,
  config: Config,
  open,
  features: [
    status.routes,
    jobs.routes,
    metrics.routes,
    slo.routes,
    logs.routes,
    deployments.routes,
    people.routes,
    audit.routes,
    settings.routes,
  ],
})
