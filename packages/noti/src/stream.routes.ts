import { stream as api } from '@wealist/contract/noti'
import { on } from './deps.ts'
import * as stream from './stream.ts'

export const routes = [on(api.open, (ctx, { query }) => stream.open(ctx, query))]
