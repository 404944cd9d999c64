import { call, type CallOptions } from '@wealist/contract/call'
import * as auth from '@wealist/contract/auth'
import * as board from '@wealist/contract/board'
import type { CallInput, Output, RouteSpec } from '@wealist/contract/route'
import { Problem } from '@wealist/contract/problem'
import type { ServiceName } from '@wealist/contract/topology'
import * as user from '@wealist/contract/user'

/** The two people of every fresh weAlist, and their passwords, which are no secret. */
export const people = {
  alice: { email: 'alice@example.com', name: 'Alice', password: 'alice-in-wealist' },
  bob: { email: 'bob@example.com', name: 'Bob', password: 'bob-in-wealist' },
} as const

/** Calls through the gateway, as any client does. */
export const client = (origin: string, token?: string) => {
  const at = (service: ServiceName): CallOptions => ({ base: `${origin}/api/svc/${service}`, ...(token && { token }) })
  return <R extends RouteSpec>(service: ServiceName, route: R, input: CallInput<R>): Promise<Output<R>> =>
    call(route, input, at(service))
}

/** Signs in, signing up first where the person is new. */
export const signIn = async (origin: string, person: { email: string; name: string; password: string }) => {
  const ask = client(origin)
  const { email, password } = person
  const signUp = () =>
    ask('user', user.users.create, { body: person }).catch((e: unknown) =>
      e instanceof Problem && e.code === 'ALREADY_EXISTS' ? undefined : Promise.reject(e),
    )
  const tokens = await ask('auth', auth.sessions.login, { body: { email, password } }).catch(async (e: unknown) => {
    if (!(e instanceof Problem) || e.code !== 'UNAUTHORIZED') throw e
    await signUp()
    return ask('auth', auth.sessions.login, { body: { email, password } })
  })
  return client(origin, tokens.accessToken)
}

/** Makes alice, bob, their workspace and a first project, through the front door. Where they are already, nothing changes. */
export const seed = async (origin: string) => {
  const asAlice = await signIn(origin, people.alice)
  const { items } = await asAlice('user', user.workspaces.list, {})
  if (items.length > 0) return
  await signIn(origin, people.bob)
  const workspace = await asAlice('user', user.workspaces.create, {
    body: { name: 'Wonderland', description: 'Where alice and bob work.' },
  })
  await asAlice('user', user.members.add, {
    params: { id: workspace.id },
    body: { email: people.bob.email, role: 'member' },
  })
  const project = await asAlice('board', board.projects.create, {
    body: { workspaceId: workspace.id, name: 'First steps' },
  })
  const [todo] = project.boards
  for (const title of ['Say hello to bob', 'Move me to In progress', 'Read the reference at /docs'])
    await asAlice('board', board.tasks.create, { params: { id: todo!.id }, body: { title } })
}
