import { comments, members, projects, tasks } from '@wealist/contract/board'
import { notifications } from '@wealist/contract/noti'
import * as user from '@wealist/contract/user'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testWorld, type World } from './testing/world.ts'

let world: World
beforeAll(async () => void (world = await testWorld()))
afterAll(() => world.stop())

const told = async (who: keyof World['people']) => {
  const { items } = await world.people[who].ask('noti', notifications.list, {})
  return items.filter((n) => n.type.startsWith('workspace_'))
}

test('an invitation, being added and another role are told to the one they concern, once, and to nobody else', async () => {
  const { alice, bob, mallory } = world.people
  const workspace = await alice.ask('user', user.workspaces.create, { body: { name: 'Croquet' } })
  const params = { id: workspace.id }
  const of = async (who: keyof World['people']) =>
    (await told(who)).filter((n) => n.workspaceId === workspace.id).map((n) => n.type)
  const invitation = await alice.ask('user', user.invitations.create, {
    params,
    body: { email: mallory.email, role: 'member' },
  })
  await expect.poll(() => of('mallory')).toEqual(['workspace_invited'])
  await mallory.ask('user', user.invitations.accept, { params: { token: invitation.token } })
  await alice.ask('user', user.members.add, { params, body: { email: bob.email, role: 'member' } })
  await expect.poll(() => of('bob')).toEqual(['workspace_invited'])
  await alice.ask('user', user.members.update, { params: { ...params, userId: bob.id }, body: { role: 'admin' } })
  await expect.poll(() => of('bob')).toEqual(['workspace_role_changed', 'workspace_invited'])
  await alice.ask('user', user.workspaces.transfer, { params, body: { userId: bob.id } })
  await expect.poll(() => of('bob')).toEqual(['workspace_role_changed', 'workspace_role_changed', 'workspace_invited'])
  expect([await of('alice'), await of('mallory')]).toEqual([[], ['workspace_invited']])
  const [newest] = (await told('bob')).filter((n) => n.workspaceId === workspace.id)
  expect(newest).toMatchObject({ actorId: alice.id, data: { workspaceName: 'Croquet', role: 'owner' } })

  await bob.ask('user', user.workspaces.remove, { params })
  await expect.poll(() => of('bob')).toEqual([])
})

test('work on a board is told by the whole fleet to whom it concerns in the workspace, and to nobody else', async () => {
  const { alice, bob } = world.people
  const workspace = await alice.ask('user', user.workspaces.create, { body: { name: 'Trial' } })
  await alice.ask('user', user.members.add, {
    params: { id: workspace.id },
    body: { email: bob.email, role: 'member' },
  })
  const of = async (who: keyof World['people']) => {
    const { items } = await world.people[who].ask('noti', notifications.list, { query: { workspaceId: workspace.id } })
    return items.filter((n) => !n.type.startsWith('workspace_')).map((n) => n.type)
  }
  const project = await alice.ask('board', projects.create, {
    body: { workspaceId: workspace.id, name: 'Tarts', visibility: 'private' },
  })
  await alice.ask('board', members.add, { params: { id: project.id }, body: { userId: bob.id } })
  await expect.poll(() => of('bob')).toEqual(['project_invited'])
  const task = await alice.ask('board', tasks.create, {
    params: { id: project.boards[0]!.id },
    body: { title: 'Find the tarts', assigneeId: bob.id },
  })
  await expect.poll(() => of('bob')).toEqual(['task_assigned', 'project_invited'])
  await bob.ask('board', tasks.update, { params: { id: task.id }, body: { status: 'done' } })
  await expect.poll(() => of('alice')).toEqual(['task_completed'])
  expect([await of('bob'), await of('mallory')]).toEqual([['task_assigned', 'project_invited'], []])

  // What somebody said and took back stands nowhere, also in what others were told of it.
  const said = await bob.ask('board', comments.create, { params: { id: task.id }, body: { content: 'hunter2' } })
  const words = async () => JSON.stringify(await world.people.alice.ask('noti', notifications.list, {}))
  await expect.poll(words).toContain('hunter2')
  await bob.ask('board', comments.remove, { params: { id: said.id } })
  await expect.poll(words).not.toContain('hunter2')
  expect(await of('alice')).toEqual(['comment_added', 'task_completed'])

  await alice.ask('user', user.members.remove, { params: { id: workspace.id, userId: bob.id } })
  await alice.ask('board', tasks.update, { params: { id: task.id }, body: { status: 'todo' } })
  await alice.ask('board', tasks.update, { params: { id: task.id }, body: { status: 'done' } })
  await new Promise((resolve) => setTimeout(resolve, 500))
  expect(await of('bob')).toEqual(['task_assigned', 'project_invited'])
})
