import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as auth from '@wealist/contract/auth'
import * as board from '@wealist/contract/board'
import * as chat from '@wealist/contract/chat'
import { call } from '@wealist/contract/call'
import * as noti from '@wealist/contract/noti'
import type { CallInput, Output, RouteSpec } from '@wealist/contract/route'
import { type ServiceName, serviceNames } from '@wealist/contract/topology'
import * as storage from '@wealist/contract/storage'
import * as user from '@wealist/contract/user'
import type { Env } from '@wealist/kit/config'
import { newId } from '@wealist/kit/ids'
import { lambda } from '@wealist/kit/lambda'
import { withDatabase } from '../databases.ts'
import { environmentOf, internalKeyOf, type LocalWorld, type Ports } from '../environment.ts'
import { startFleet } from '../fleet.ts'
import { startOidc } from '../oidc.ts'
import { freePort } from '../ports.ts'
import { startS3 } from '../s3.ts'
import { services } from '../services.ts'
import { attach, post } from './attach.ts'
import { testDatabase } from './database.ts'
import type { Ids } from './examples.ts'
import type { Handler } from './lambda-event.ts'
import { level, logTo } from './log.ts'
import { testRedis } from './redis.ts'
import { secrets } from './secrets.ts'

export interface TestPerson {
  id: string
  email: string
  password: string
  token: string
  refreshToken: string
  ask: <R extends RouteSpec>(service: ServiceName, route: R, input: CallInput<R>) => Promise<Output<R>>
}

export interface World {
  local: LocalWorld
  url(service: ServiceName): string
  /** The service behind its Lambda adapter, on the same data. */
  lambda(service: ServiceName): Handler
  internalKey(service: ServiceName): string
  /** Somebody new, signed up and in. */
  person(name: string): Promise<TestPerson>
  /** One more of everything that the contract's examples name, of these people. */
  furnish(people: World['people']): Promise<Ids>
  /** alice owns the workspace, bob is a member of it, mallory is a stranger. */
  people: Record<'alice' | 'bob' | 'mallory', TestPerson>
  /** What the examples of the contract name. */
  ids: Ids
  stop(): Promise<void>
}

const freePorts = async () =>
  Object.fromEntries(await Promise.all(serviceNames.map(async (name) => [name, await freePort()]))) as Ports

const s3Keys = { accessKeyId: 'test', secretAccessKey: 'test-secret' }
const oidcClient = { clientId: 'test', clientSecret: 'test-secret' }

/** Ports and data of its own for a fleet, and what it stands on; `more` is laid over every service's environment. */
export const testData = async (more: Env = {}) => {
  const dir = await mkdtemp(join(tmpdir(), 'wealist-world-'))
  const [ports, metrics, gateway, portal] = [await freePorts(), await freePorts(), await freePort(), await freePort()]
  const [userDb, ...others] = await Promise.all(
    withDatabase.filter((n) => n !== 'ops').map(async (name) => [name, await testDatabase(name)] as const),
  )
  const owned = [userDb!, ...others]
  const opsUrl = new URL(userDb![1].url)
  opsUrl.username = opsUrl.password = 'wealist_ops'
  const s3 = await startS3({ dir: join(dir, 's3'), ...s3Keys, buckets: ['wealist'], publicPrefixes: ['avatars/'] })
  const oidc = await startOidc({
    port: await freePort(),
    ...oidcClient,
    redirectUris: [`http://localhost:${gateway}/api/oauth2/callback/google`],
    accounts: [{ email: 'carol@example.com', name: 'Carol' }],
  })
  const local: LocalWorld = {
    ports,
    metrics,
    gateway,
    portal,
    databases: { ...Object.fromEntries(owned.map(([name, db]) => [name, db.url])), ops: opsUrl.href },
    redis: testRedis(),
    s3: { endpoint: s3.url, bucket: 'wealist', ...s3Keys },
    oidc: { issuer: oidc.issuer, ...oidcClient },
    keysFile: join(dir, 'keys.json'),
    more: {
      RATE_LIMIT: '0',
      DRAIN_SECONDS: '0',
      ENVIRONMENT: 'test',
      SCRAPE_SECONDS: '1',
      LOG_LEVEL: level,
      ...more,
    },
  }
  const remove = async () => {
    await Promise.all([s3.stop(), oidc.stop(), ...owned.map(([, db]) => db.drop())])
    await rm(dir, { recursive: true, force: true })
  }
  return { local, remove }
}

/** The whole fleet through the production door, on ports and data of its own, with one of everything in it. */
export const testWorld = async (): Promise<World> => {
  const { local, remove } = await testData()
  const { ports } = local
  for (const name of serviceNames) secrets.noteEnvironment(environmentOf(name, local))
  const fleet = await startFleet(local, { logTo })
  const url = (service: ServiceName) => `http://127.0.0.1:${ports[service]}`

  const person = async (name: string): Promise<TestPerson> => {
    const email = `${name}@example.com`
    const password = `${name}-has-a-password`
    const { id } = await call(user.users.create, { body: { email, name, password } }, { base: url('user') })
    const tokens = await call(auth.sessions.login, { body: { email, password } }, { base: url('auth') })
    const ask: TestPerson['ask'] = (service, route, input) =>
      call(route, input, { base: url(service), token: tokens.accessToken })
    return { id, email, password, token: tokens.accessToken, refreshToken: tokens.refreshToken, ask }
  }
  const [alice, bob, mallory] = [await person('alice'), await person('bob'), await person('mallory')]
  const people = { alice, bob, mallory }
  const ids = await furnish(people, url)
  const handlers = new Map<ServiceName, Handler>()
  return {
    local,
    url,
    lambda: (service) => {
      let handler = handlers.get(service)
      if (!handler)
        handlers.set(
          service,
          (handler = lambda(services[service], environmentOf(service, local), { logTo }) as Handler),
        )
      return handler
    },
    internalKey: internalKeyOf,
    person,
    furnish: (of) => furnish(of, url),
    people,
    ids,
    stop: async () => {
      await fleet.stop()
      await remove()
    },
  }
}

/** One of everything that the contract's examples name. */
const furnish = async ({ alice, bob, mallory }: World['people'], url: World['url']): Promise<Ids> => {
  const workspace = await alice.ask('user', user.workspaces.create, { body: { name: 'Wonderland', isPublic: true } })
  const open = await mallory.ask('user', user.workspaces.create, { body: { name: 'Open house', isPublic: true } })
  const params = { id: workspace.id }
  await alice.ask('user', user.members.add, { params, body: { email: bob.email, role: 'member' } })
  const invitation = await alice.ask('user', user.invitations.create, {
    params,
    body: { email: 'hatter@example.com', role: 'member' },
  })
  const joinRequest = await mallory.ask('user', user.joinRequests.create, { params, body: {} })
  const project = await alice.ask('board', board.projects.create, {
    body: { workspaceId: workspace.id, name: 'Tea party', description: 'secret-text-of-alice', visibility: 'private' },
  })
  await alice.ask('board', board.members.add, { params: { id: project.id }, body: { userId: bob.id, role: 'member' } })
  const [first, second] = project.boards
  const task = await alice.ask('board', board.tasks.create, {
    params: { id: first!.id },
    body: { title: 'secret-text-of-alice' },
  })
  const inProject = { params: { id: project.id } }
  const label = await alice.ask('board', board.labels.create, { ...inProject, body: { name: 'Urgent' } })
  const field = await alice.ask('board', board.customFields.create, {
    ...inProject,
    body: { name: 'Size', type: 'select', options: [{ name: 'Small' }, { name: 'Large' }] },
  })
  const attachment = await attach((route, input) => alice.ask('board', route, input), task.id, 'secret-text-of-alice')
  const checklistItem = await alice.ask('board', board.checklist.create, {
    params: { id: task.id },
    body: { title: 'secret-text-of-alice' },
  })
  const make = (who: TestPerson) =>
    who.ask('board', board.projects.create, { body: { workspaceId: workspace.id, name: 'Open tea' } })
  const [openProject, projectToJoin] = [await make(alice), await make(bob)]
  const projectJoinRequest = await bob.ask('board', board.joinRequests.create, {
    params: { id: openProject.id },
    body: {},
  })
  const comment = await alice.ask('board', board.comments.create, {
    params: { id: task.id },
    body: { content: 'secret-text-of-alice' },
  })
  const about = { projectId: project.id, projectName: project.name, taskId: task.id, taskTitle: task.title }
  await call(
    noti.internal.create,
    {
      body: {
        items: [
          {
            eventId: `assigned:${task.id}`,
            source: 'board',
            type: 'task_assigned',
            recipients: [alice.id],
            actorId: bob.id,
            workspaceId: workspace.id,
            data: { actorName: 'bob', ...about },
          },
        ],
      },
    },
    { base: url('noti'), headers: { 'x-internal-api-key': internalKeyOf('noti') } },
  )
  const room = await alice.ask('chat', chat.rooms.create, {
    body: { workspaceId: workspace.id, type: 'group', name: 'Tea', participantIds: [bob.id] },
  })
  const message = await alice.ask('chat', chat.messages.send, {
    params: { id: room.id },
    body: { clientId: newId(), content: 'secret-text-of-alice in the morning' },
  })
  const upload = await alice.ask('chat', chat.attachments.begin, {
    params: { id: room.id },
    body: { name: 'tea.txt', size: 3, contentType: 'text/plain' },
  })
  await post(upload, 'tea')
  await alice.ask('chat', chat.messages.send, {
    params: { id: room.id },
    body: { clientId: newId(), type: 'file', attachments: [upload.id] },
  })
  const folder = await alice.ask('storage', storage.folders.create, {
    body: { workspaceId: workspace.id, name: 'secret-text-of-alice' },
  })
  const pending = await beginFile(alice, workspace.id, 'tea.txt')
  const file = await storedFile(alice, workspace.id, 'secret-text-of-alice.txt')
  const trashed = await storedFile(alice, workspace.id, 'old tea.txt')
  await alice.ask('storage', storage.files.remove, { params: { id: trashed.id } })
  const share = await alice.ask('storage', storage.shares.shareFile, { params: { id: file.id }, body: {} })
  await alice.ask('storage', storage.shares.shareFolder, { params: { id: folder.id }, body: {} })
  const notifications = await alice.ask('noti', noti.notifications.list, {})
  const sessions = await alice.ask('auth', auth.sessions.list, {})
  return {
    user: alice.id,
    member: bob.id,
    email: alice.email,
    password: alice.password,
    outsiderEmail: mallory.email,
    workspace: workspace.id,
    publicWorkspace: open.id,
    invitation: invitation.id,
    invitationToken: invitation.token,
    joinRequest: joinRequest.id,
    avatarKey: `uploads/${alice.id}/${newId()}`,
    project: project.id,
    openProject: openProject.id,
    projectToJoin: projectToJoin.id,
    projectJoinRequest: projectJoinRequest.id,
    board: first!.id,
    otherBoard: second!.id,
    task: task.id,
    comment: comment.id,
    attachment: attachment.id,
    checklistItem: checklistItem.id,
    label: label.id,
    field: field.id,
    room: room.id,
    message: message.id,
    roomFile: upload.id,
    folder: folder.id,
    file: file.id,
    upload: pending.id,
    trashedFile: trashed.id,
    shareToken: share.shareLink!.split('/').at(-1)!,
    notification: notifications.items[0]!.id,
    session: sessions.items[0]!.id,
    refreshToken: alice.refreshToken,
    redirectUri: 'http://localhost:3001/',
    code: 'no-such-code',
    secretText: 'secret-text-of-alice',
  }
}

const beginFile = async (person: TestPerson, workspaceId: string, name: string) => {
  const upload = await person.ask('storage', storage.uploads.create, {
    body: { workspaceId, name, size: 3, mimeType: 'text/plain' },
  })
  if (upload.mode === 'form') await post(upload, 'tea')
  return upload
}
const storedFile = async (person: TestPerson, workspaceId: string, name: string) => {
  const { id } = await beginFile(person, workspaceId, name)
  return person.ask('storage', storage.uploads.complete, { params: { id }, body: {} })
}
