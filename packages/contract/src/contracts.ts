import * as auth from './auth.ts'
import * as board from './board.ts'
import * as chat from './chat.ts'
import * as noti from './noti.ts'
import * as ops from './ops.ts'
import type { Contract } from './route.ts'
import * as storage from './storage.ts'
import type { ServiceName } from './topology.ts'
import * as user from './user.ts'

/** The contract of every service, for documents and for the tests that are made from it. */
export const contracts: Record<ServiceName, Contract> = { auth, user, board, chat, noti, storage, ops }
