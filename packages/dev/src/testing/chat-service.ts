import { chat } from '@wealist/chat/service'
import { call } from '@wealist/contract/call'
import { messages, rooms } from '@wealist/contract/chat'
import type { NewMessage } from '@wealist/contract/chat/messages'
import type { Env } from '@wealist/kit/config'
import { newId } from '@wealist/kit/ids'
import type { ServiceSpec } from '@wealist/kit/service'
import type * as z from 'zod'
import { openSocket } from './chat-socket.ts'
import { startLambdas } from './lambda-sockets.ts'
import { type Ask, type Asker, oneService } from './one-service.ts'
import { ofRequests } from './statements.ts'
import { startWorkspaces } from './workspaces.ts'

type Given = Partial<z.input<typeof NewMessage>>

/** chat alone, with a workspace of Alice, Bob and Vera, and Mallory who is outside. `statements` are those of its requests. */
export const chatService = async (env: Env = {}, { transport = 'node' as 'node' | 'lambda' } = {}) => {
  const [alice, bob, vera, mallory] = ['Alice', 'Bob', 'Vera', 'Mallory'].map((name) => ({ id: newId(), name }))
  const people = { alice: alice!, bob: bob!, vera: vera!, mallory: mallory! }
  const workspaceId = newId()
  const { statements, observe } = ofRequests()
  const workspaces = await startWorkspaces()
  for (const { id } of [people.alice, people.bob, people.vera]) await workspaces.set(workspaceId, id, 'member')
  const service = await oneService(chat, { USER_URL: workspaces.url, ...env }, { observe })
  const { redis, db, config } = service.running.base
  const lambdas =
    transport === 'lambda' ? await startLambdas('chat', chat as unknown as ServiceSpec, config) : undefined
  const as = lambdas
    ? (person: Asker): Ask =>
        (route, input, more) =>
          call(route, input, { base: lambdas.url, headers: { ...service.headersOf(person), ...more } })
    : service.as
  return {
    ...service,
    as,
    /** A socket of this path, by whatever carries it here. */
    socket: (person: Asker, path: string) =>
      openSocket(lambdas?.socketUrl(path) ?? `${service.url}${path}`, service.headersOf(person)),
    people,
    workspaceId,
    statements,
    workspaces,
    /** Puts a person into a workspace or out of it, as user-service does: said on Redis at once. */
    setMember: (userId: string, role: 'owner' | 'admin' | 'member' | null, of = workspaceId) =>
      workspaces.set(of, userId, role, redis),
    /** Applies all that the directory has. */
    followDirectory: () => service.running.deps.directory.pullOnce(),
    /** What the tables really hold. */
    rows: async <T extends object>(statement: string, values: unknown[] = []) =>
      (await db.pool.query(statement, values)).rows as T[],
    /** Alice's group with Bob in it. */
    group: (participantIds = [people.bob.id]) =>
      as(people.alice)(rooms.create, {
        body: { workspaceId, type: 'group', name: 'Tea', participantIds },
      }),
    say: (person: Asker, id: string, content: string, more: Given = {}) =>
      as(person)(messages.send, { params: { id }, body: { clientId: newId(), content, ...more } }),
    stop: async () => {
      await lambdas?.stop()
      await service.stop()
      await workspaces.stop()
    },
  }
}
export type ChatService = Awaited<ReturnType<typeof chatService>>
