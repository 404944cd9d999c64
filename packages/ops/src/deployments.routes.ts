import { deployments as api } from '@wealist/contract/ops'
import { on } from './deps.ts'
import * as deployments from './deployments.ts'

export const routes = [on(api.list, (ctx) => deployments.list(ctx))]
