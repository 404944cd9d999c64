import { auth } from '@wealist/auth/service'
import { board } from '@wealist/board/service'
import { chat } from '@wealist/chat/service'
import type { ServiceName } from '@wealist/contract/topology'
import type { ServiceSpec } from '@wealist/kit/service'
import { noti } from '@wealist/noti/service'
import { ops } from '@wealist/ops/service'
import { storage } from '@wealist/storage/service'
import { user } from '@wealist/user/service'

/** The seven services, as the fleet, the tests and the documents need them. */
export const services = { auth, user, board, chat, noti, storage, ops } as unknown as Record<ServiceName, ServiceSpec>
