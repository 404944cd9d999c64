import type { Actor, Person } from '@wealist/kit/actor'
import { Config as KitConfig } from '@wealist/kit/config'
import type { Base, Ctx as KitCtx } from '@wealist/kit/context'
import { openBatch } from '@wealist/kit/live/batch'
import { streams } from '@wealist/kit/live/socket'
import { handlers } from '@wealist/kit/mount'
import type * as z from 'zod'
import * as notifications from './notifications.sql.ts'

export const Config = KitConfig

export const open = (_config: z.output<typeof Config>, { db }: Base) => ({
  /** Unread notifications of people with streams: one statement for all who are asked about at once. */
  unreadOf: openBatch({
    identity: (userId: string) => userId,
    size: 1000,
    lanes: 2,
    run: (userIds) => notifications.unread(db, userIds),
  }),
})

export type Deps = Awaited<ReturnType<typeof open>>
export type Ctx<A extends Actor = Person> = KitCtx<Deps, A>
export const on = handlers<Deps>()
export const stream = streams<Deps>()
