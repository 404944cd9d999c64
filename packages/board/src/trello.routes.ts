import { trello as api } from '@wealist/contract/board'
import { on } from './deps.ts'
import * as trello from './trello.ts'

export const routes = [on(api.create, (ctx, { body }) => trello.create(ctx, body))]
