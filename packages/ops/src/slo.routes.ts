import { slo as api } from '@wealist/contract/ops'
import { on } from './deps.ts'
import * as slo from './slo.ts'

export const routes = [on(api.get, (ctx) => slo.get(ctx))]
