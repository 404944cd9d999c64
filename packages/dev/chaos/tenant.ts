import { boards, joinRequests, members as projectMembers, projects } from '@wealist/contract/board'
import { participants } from '@wealist/contract/chat'
import { people } from '@wealist/contract/ops'
import { files, uploads } from '@wealist/contract/storage'
import { invitations, members, workspaces } from '@wealist/contract/user'
import { post } from '../src/testing/attach.ts'
import type { Ids } from '../src/testing/examples.ts'
import type { TestPerson, World } from '../src/testing/world.ts'

/** What somebody is to a workspace, to a project in it and to a room. */
export const columns = [
  'anonymous',
  'stranger',
  'tenant',
  'removed',
  'suspended',
  'viewer',
  'member',
  'admin',
  'owner',
] as const
export type Column = (typeof columns)[number]

/** For routes whose success leaves nothing for another one: things of their own. */
export type Spare = Record<string, Ids>

export interface Tenant {
  /** Nobody for `anonymous`. */
  person: TestPerson | undefined
  ids: Ids
  spare: Spare
}

/** A workspace with one of everything, owned by somebody of its own, and a person who is to it what the column says. */
export const tenantFor = async (world: World, column: Column, operator: TestPerson): Promise<Tenant> => {
  const [alice, bob, mallory] = [
    await world.person(`alice-${column}`),
    await world.person(`bob-${column}`),
    await world.person(`mallory-${column}`),
  ]
  const ids = await world.furnish({ alice, bob, mallory })
  const spare = await spares({ alice, bob }, ids)
  if (column === 'anonymous') return { person: undefined, ids, spare }
  if (column === 'owner') return { person: alice, ids, spare }
  const person = await world.person(`somebody-${column}`)
  if (column === 'stranger') return { person, ids, spare }
  if (column === 'tenant') {
    await person.ask('user', workspaces.create, { body: { name: 'Elsewhere' } })
    return { person, ids, spare }
  }
  const role = column === 'admin' ? 'admin' : 'member'
  for (const workspace of [ids['workspace']!, spare['user workspaces.transfer']!['workspace']!])
    await alice.ask('user', members.add, { params: { id: workspace }, body: { email: person.email, role } })
  const inProject = column === 'viewer' || column === 'admin' ? column : 'member'
  for (const id of [ids['project']!, spare['board members.transfer']!['project']!])
    await alice.ask('board', projectMembers.add, { params: { id }, body: { userId: person.id, role: inProject } })
  if (column !== 'viewer') {
    const room = { params: { id: ids['room']! } }
    await alice.ask('chat', participants.add, { ...room, body: { userId: person.id } })
    const at = { params: { id: ids['room']!, userId: person.id } }
    if (column === 'admin') await alice.ask('chat', participants.update, { ...at, body: { role: 'admin' } })
  }
  const asked = await person.ask('board', joinRequests.create, {
    params: { id: spare['board joinRequests.withdraw']!['openProject']! },
    body: {},
  })
  spare['board joinRequests.withdraw']!['projectJoinRequest'] = asked.id
  if (column === 'removed')
    for (const workspace of [ids['workspace']!, spare['user workspaces.transfer']!['workspace']!])
      await alice.ask('user', members.remove, { params: { id: workspace, userId: person.id } })
  if (column === 'suspended')
    await operator.ask('ops', people.setStatus, {
      params: { id: person.id },
      body: { status: 'suspended', reason: 'To be tried' },
    })
  return { person, ids, spare }
}

const spares = async ({ alice, bob }: Pick<World['people'], 'alice' | 'bob'>, ids: Ids): Promise<Spare> => {
  const inWorkspace = { params: { id: ids['workspace']! } }
  const invite = async (email: string) => {
    const { id, token } = await alice.ask('user', invitations.create, {
      ...inWorkspace,
      body: { email, role: 'member' },
    })
    return { invitation: id, invitationToken: token }
  }
  const workspace = await alice.ask('user', workspaces.create, { body: { name: 'To be handed over' } })
  await alice.ask('user', members.add, { params: { id: workspace.id }, body: { email: bob.email, role: 'member' } })
  const project = await alice.ask('board', projects.create, {
    body: { workspaceId: ids['workspace']!, name: 'To be handed over', visibility: 'private' },
  })
  const member = { params: { id: project.id }, body: { userId: bob.id, role: 'member' as const } }
  await alice.ask('board', projectMembers.add, member)
  const asked = await alice.ask('board', projects.create, {
    body: { workspaceId: ids['workspace']!, name: 'Asked for' },
  })
  const wish = await bob.ask('board', joinRequests.create, { params: { id: asked.id }, body: {} })
  const board = await alice.ask('board', boards.create, {
    params: { id: ids['project']! },
    body: { name: 'Gone soon' },
  })
  const upload = async () => {
    const body = { workspaceId: ids['workspace']!, name: 'more.txt', size: 3, mimeType: 'text/plain' }
    const begun = await alice.ask('storage', uploads.create, { body })
    if (begun.mode === 'form') await post(begun, 'tea')
    return begun.id
  }
  const stored = async () => alice.ask('storage', uploads.complete, { params: { id: await upload() }, body: {} })
  const trashed = await stored()
  await alice.ask('storage', files.remove, { params: { id: trashed.id } })
  return {
    'user invitations.decline': await invite('dormouse@example.com'),
    'user invitations.remove': await invite('hare@example.com'),
    'user workspaces.transfer': { workspace: workspace.id },
    'board members.transfer': { project: project.id },
    'board joinRequests.withdraw': { openProject: asked.id, projectJoinRequest: wish.id },
    'board boards.remove': { board: board.id },
    'storage uploads.abort': { upload: await upload() },
    'storage files.remove': { file: (await stored()).id },
    'storage trash.remove': { trashedFile: trashed.id },
  }
}
