import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { internal } from '@wealist/contract/user'
import type { DirectoryEvent, Membership } from '@wealist/contract/user/internal'
import { publishMembership } from '@wealist/kit/membership.publish'
import type { Redis } from '@wealist/kit/redis'

type Role = NonNullable<Membership['role']>

/**
 * The internal answers of user-service that other services ask for, members and the directory log, and noti's "heard",
 * over real HTTP, for testing one of those services alone.
 */
export const startWorkspaces = async () => {
  const members = new Map<string, Map<string, Role>>()
  const versions = new Map<string, number>()
  const log: DirectoryEvent[] = []
  const state = { asked: 0 }
  const lookup = async (workspaceId: string, request: IncomingMessage) => {
    const { ids } = internal.memberships.body.parse(await json(request))
    const items = ids.flatMap((userId) => {
      const role = members.get(workspaceId)?.get(userId)
      return role ? [{ userId, role }] : []
    })
    return { items, version: versions.get(workspaceId) ?? 0 }
  }
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://user')
    const [, workspaceId, userId] = /^\/internal\/workspaces\/([\w-]+)\/members\/([\w-]+)$/.exec(url.pathname) ?? []
    const send = (body: unknown) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    if (workspaceId && userId === 'lookup') {
      state.asked++
      send(await lookup(workspaceId, request))
    } else if (workspaceId && userId) {
      state.asked++
      send({
        role: members.get(workspaceId)?.get(userId) ?? null,
        version: versions.get(workspaceId) ?? 0,
      } satisfies Membership)
    } else if (url.pathname === '/internal/directory') {
      const after = Number(url.searchParams.get('after') ?? 0)
      send({ items: log.slice(after, after + 200), head: log.length })
    } else if (url.pathname === '/internal/notifications') {
      await json(request)
      send({ created: 0, duplicates: 0 })
    } else if (url.pathname === '/internal/withdrawn-events') response.writeHead(204).end()
    else response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  const tell = (type: DirectoryEvent['type'], payload: object) =>
    log.push({ seq: log.length + 1, type, payload, timestamp: new Date().toISOString() } as DirectoryEvent)

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    state,
    /** Puts a person into a workspace, or with null takes them out; says so on Redis where one is given. */
    set: async (workspaceId: string, userId: string, role: Role | null, redis?: Redis) => {
      const version = (versions.get(workspaceId) ?? 0) + 1
      versions.set(workspaceId, version)
      const all = members.get(workspaceId) ?? new Map<string, Role>()
      members.set(workspaceId, all)
      if (role) all.set(userId, role)
      else all.delete(userId)
      tell('member.changed', { workspaceId, userId, role, version })
      if (redis) await publishMembership(redis, { workspaceId, version })
    },
    deleteWorkspace: (workspaceId: string) => {
      members.delete(workspaceId)
      tell('workspace.deleted', { workspaceId })
    },
    stop: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
