import { call, type CallOptions } from '@wealist/contract/call'
import * as auth from '@wealist/contract/auth'
import * as board from '@wealist/contract/board'
import type { CallInput, Output, RouteSpec } from '@wealist/contract/route'
import { Problem } from '@wealist/contract/problem'
import type { ServiceName } from '@wealist/contract/topology'
import * as user from '@wealist/contract/user'

interface Account {
  email: string
  name: string
  password: string
}

/** The two people of every fresh weAlist, and their passwords, which are no secret. */
export const people = {
  alice: { email: 'alice@example.com', name: 'Alice', password: 'alice-in-wealist' },
  bob: { email: 'bob@example.com', name: 'Bob', password: 'bob-in-wealist' },
} as const

/** Calls through the gateway, as any client does. */
const client = (origin: string, token?: string) => {
  const at = (service: ServiceName): CallOptions => ({ base: `${origin}/api/svc/${service}`, ...(token && { token }) })
  return <R extends RouteSpec>(service: ServiceName, route: R, input: CallInput<R>): Promise<Output<R>> =>
    call(route, input, at(service))
}

/**
 * Signs in, signing up first where the person is new; nobody where the account is there with another password, or not
 * let in.
 */
const signIn = async (origin: string, person: Account) => {
  const ask = client(origin)
  const { email, password } = person
  const login = () =>
    unless(['UNAUTHORIZED', 'ACCOUNT_SUSPENDED'], ask('auth', auth.sessions.login, { body: { email, password } }))
  let tokens = await login()
  if (!tokens && (await unless(['ALREADY_EXISTS'], ask('user', user.users.create, { body: person }))))
    tokens = await login()
  return tokens && client(origin, tokens.accessToken)
}

const workspaceName = 'Wonderland'
const titles = ['Say hello to bob', 'Move me to In progress', 'Read the reference at /docs']

/**
 * Makes alice, bob, their workspace and a first project, through the front door. What is there already stays as people left
 * it; only a seed that was interrupted is completed: the workspace's description, written last, tells.
 */
export const seed = async (origin: string, { alice, bob }: Record<'alice' | 'bob', Account> = people) => {
  const asAlice = await signIn(origin, alice)
  if (!asAlice) return
  const { items } = await asAlice('user', user.workspaces.list, {})
  const unfinished = items.find((w) => w.name === workspaceName && w.role === 'owner' && w.description === null)
  if (items.length > 0 && !unfinished) return
  const workspace = unfinished ?? (await asAlice('user', user.workspaces.create, { body: { name: workspaceName } }))
  const params = { id: workspace.id }
  if (await signIn(origin, bob))
    await unless(
      ['ALREADY_EXISTS'],
      asAlice('user', user.members.add, { params, body: { email: bob.email, role: 'member' } }),
    )
  const projects = await asAlice('board', board.projects.list, { query: { workspaceId: workspace.id } })
  const id =
    projects.items[0]?.id ??
    (await asAlice('board', board.projects.create, { body: { workspaceId: workspace.id, name: 'First steps' } })).id
  const { boards } = await asAlice('board', board.projects.get, { params: { id } })
  const column = { id: boards[0]!.id }
  const tasks = await asAlice('board', board.tasks.list, { params: column })
  for (const title of titles)
    if (!tasks.items.some((task) => task.title === title))
      await asAlice('board', board.tasks.create, { params: column, body: { title } })
  await asAlice('user', user.workspaces.update, { params, body: { description: 'Where alice and bob work.' } })
}

const unless = <T>(codes: string[], work: Promise<T>) =>
  work.catch((error: unknown) => {
    if (error instanceof Problem && codes.includes(error.code)) return undefined
    throw error
  })
