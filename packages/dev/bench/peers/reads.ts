// One read twice: as it is, for a signed-in member within the limits, and for anybody, without asking who it is.
import { tasks as contract } from '@wealist/contract/board'
import { Config, type Ctx, open } from '@wealist/board/deps'
import * as rule from '@wealist/board/tasks'
import * as tasks from '@wealist/board/tasks.sql'
import { handlers } from '@wealist/kit/mount'
import { serve } from '@wealist/kit/node'
import { service } from '@wealist/kit/service'
import type { Anonymous, Person } from '@wealist/kit/actor'

const on = handlers<Awaited<ReturnType<typeof open>>>()
const forAnybody = { ...contract.list, path: '/api/open/boards/{id}/tasks', access: 'public', limit: 'none' } as const
const nobody = '00000000-0000-4000-8000-000000000000'

const reads = service({
  name: 'board',
  contract: { tasks: { list: contract.list, forAnybody } },
  config: Config,
  open,
  features: [
    [
      on(contract.list, (ctx: Ctx, { params, page }) => rule.list(ctx, params.id, page)),
      on(
        forAnybody,
        async (ctx: Ctx<Anonymous | Person>, { params, page }) =>
          (await tasks.list(ctx.db, { boardId: params.id, userId: nobody, page })).page,
      ),
    ],
  ],
  migrations: new URL('../../../board/migrations/', import.meta.url),
})

await serve(reads, import.meta.url)
