import { openSocket } from '@wealist/dev/testing/chat-socket'
import { startLambdas } from '@wealist/dev/testing/lambda-sockets'
import { level, logTo } from '@wealist/dev/testing/log'
import { oneService } from '@wealist/dev/testing/one-service'
import { expect, test } from 'vitest'
import { newId } from '../ids.ts'
import { lambdaSocket } from '../lambda-socket.ts'
import { publishMembership } from '../membership.publish.ts'
import type { ServiceSpec } from '../service.ts'
import * as registry from './lambda.redis.ts'
import { change, rooms } from './live.fixture.ts'

const patience = 10_000
const spec = rooms as unknown as ServiceSpec
// The other service of the same stage: the same Redis and prefix, sockets of other paths, an API of its own.
const other = {
  ...spec,
  name: 'chat',
  sockets: spec.sockets!.map((s) => ({ ...s, route: { ...s.route, path: `/elsewhere${s.route.path}` } })),
} as ServiceSpec

test.each(['nothing changed', 'a member was added'])(
  "another service's minute leaves our sockets alone: %s",
  async (what) => {
    const service = await oneService(rooms)
    const { redis } = service.running.base
    const functions = await startLambdas('board', spec, service.running.base.config)
    const theirs = await startLambdas('chat', other, service.running.base.config)
    const { host, pathname } = new URL(theirs.socketUrl('/'))
    const env = { ...service.environment, LOG_LEVEL: level, WEBSOCKET_API_URL: `http://${host}${pathname}` }
    const room = newId()
    await publishMembership(redis, { workspaceId: room, version: 1 })
    const socket = await openSocket(functions.socketUrl(`/ws/rooms/${room}`), service.headersOf({ id: newId() }))
    socket.send('resume', {})
    await socket.type('ready', patience)
    if (what === 'a member was added') await publishMembership(redis, { workspaceId: room, version: 2 })
    await lambdaSocket(other, env, { logTo })({})
    expect(await registry.all({ redis, service: spec.name }, Date.now())).toHaveLength(1)
    const someone = service.at(functions.url).as({ id: newId() })
    await someone(change, { params: { id: room }, body: { key: 'a', value: 'v' } })
    await socket.type('thing.changed', patience)
    await functions.stop()
    await theirs.stop()
    await service.stop()
  },
  60_000,
)
