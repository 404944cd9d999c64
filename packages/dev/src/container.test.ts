import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sessions } from '@wealist/contract/auth'
import { call } from '@wealist/contract/call'
import { rooms } from '@wealist/contract/chat'
import { notifications, stream } from '@wealist/contract/noti'
import { status } from '@wealist/contract/ops'
import { files, uploads } from '@wealist/contract/storage'
import type { ServiceName } from '@wealist/contract/topology'
import { members, workspaces } from '@wealist/contract/user'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { images, mostBytes } from './container.ts'
import { copyContext } from './container-context.ts'
import { stagesOf } from './container-file.ts'
import { cannotHold, type Contained, fillBase, startContained } from './container-run.ts'
import { type Built, stepsOf } from './container-steps.ts'
import { containerWorld, type Pod } from './container-world.ts'
import { withDatabase } from './databases.ts'
import { repository } from './repository.ts'
import { people, seed } from './seed.ts'

const read = (file: string) => readFileSync(join(repository, 'k8s', file), 'utf8')
const dir = mkdtempSync(join(tmpdir(), 'wealist-containers-'))
// Another user has to come through.
chmodSync(dir, 0o755)
const built: Record<string, Built> = {}
const version = '17-abcdef0'

const linux = process.platform === 'linux'

beforeAll(() => {
  if (!linux) return
  copyContext(repository, read('Dockerfile.dockerignore'), join(dir, 'context'))
  const steps = mkdtempSync(join(dir, 'stages-'))
  chmodSync(steps, 0o755)
  const build = stepsOf({
    stages: stagesOf(read('Dockerfile')),
    context: join(dir, 'context'),
    dir: steps,
    base: (image, root) => image.includes('distroless') && fillBase(root),
  })
  for (const { name, service } of images)
    built[name] = service
      ? build('service', { SERVICE: name, VERSION: version })
      : build('ops-portal', { VERSION: version })
}, 900_000)
afterAll(() => rmSync(dir, { recursive: true, force: true }), 120_000)

const filesOf = (name: string) =>
  readdirSync(join(built[name]!.root, 'app'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))

test.runIf(linux)('from an empty folder the Dockerfile makes every image, a few MB above its base', () => {
  const sizes = images.map((image) => ({
    name: image.name,
    bytes: filesOf(image.name).reduce((sum, file) => sum + statSync(file).size, 0),
    most: mostBytes(image),
  }))
  console.log(sizes.map(({ name, bytes }) => `${name} ${(bytes / 1024 / 1024).toFixed(1)} MB`).join(', '))
  expect(sizes.filter(({ bytes, most }) => bytes > most)).toEqual([])
})

test.runIf(linux)(
  'an image holds its code with its maps and its own migrations; only the one for small pictures holds packages',
  () => {
    for (const { name, service, native } of images) {
      const owners = service && service !== 'auth' && service !== 'ops' ? [service, 'kit'] : []
      const files = readdirSync(join(built[name]!.root, 'app')).toSorted()
      const code = files.filter((file) => file.endsWith('.mjs'))
      expect(code).toContain('index.mjs')
      const beside = [...(owners.length > 0 ? ['migrations'] : []), ...(native.length > 0 ? ['node_modules'] : [])]
      if (!service) beside.push('dist')
      const expected = [...code, ...code.map((file) => `${file}.map`), ...beside].toSorted()
      expect([name, files]).toEqual([name, expected])
      if (owners.length > 0)
        expect(readdirSync(join(built[name]!.root, 'app/migrations')).toSorted()).toEqual(owners.toSorted())
    }
  },
)

const why = linux ? cannotHold() : 'images are of Linux'
describe.skipIf(why)(`held as a cluster holds it${why ? ` (not tried: ${why})` : ''}`, () => {
  let world: Awaited<ReturnType<typeof containerWorld>>
  const running: { pod: Pod; contained: Contained }[] = []
  let token = ''
  beforeAll(async () => {
    mkdirSync(join(dir, 'world'), { mode: 0o711 })
    world = await containerWorld(join(dir, 'world'), built)
  }, 120_000)
  afterAll(async () => {
    for (const { contained } of running) contained.signal('KILL')
    await Promise.all(running.map(({ contained }) => contained.ended))
    await world?.stop()
  }, 60_000)

  test('a process has no way to write a file, no name, no capability, and no environment but its own', async () => {
    const script = `const fs = require('node:fs')
      const tried = ['/', '/app', '/tmp', '/etc', '/proc/1'].map((d) => {
        try { fs.writeFileSync(d + '/x', ''); return d + ' written' } catch (e) { return e.code } })
      let name; try { name = require('node:os').userInfo().username } catch { name = null }
      const caps = /CapEff:\\s*(\\w+)/.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1]
      console.log(JSON.stringify({ tried, name, caps, env: process.env, ids: [process.getuid(), process.getgid(), ...process.getgroups()] }))`
    const probe = startContained(built['auth']!, { ONLY: 'this' }, ['-e', script])
    expect([await probe.ended, probe.err]).toEqual([0, []])
    expect(JSON.parse(probe.out.join(''))).toEqual({
      tried: ['EROFS', 'EROFS', 'EROFS', 'EROFS', expect.stringMatching(/^E/)],
      name: null,
      caps: '0000000000000000',
      env: { ...built['auth']!.env, ONLY: 'this' },
      ids: [65532, 65532, 65532],
    })
  })

  test('`migrate` brings an empty database up to date and ends; a second time changes nothing', async () => {
    const owners = world.pods.filter(({ name }) => withDatabase.includes(name as ServiceName) && name !== 'ops')
    for (const { name, start } of [...owners, ...owners]) {
      const job = start(['index.mjs', 'migrate'])
      expect([name, await job.ended, job.err]).toEqual([name, 0, []])
    }
  }, 120_000)

  test('every image becomes ready and says so on standard output, in JSON', async () => {
    for (const pod of world.pods) running.push({ pod, contained: pod.start() })
    for (const { pod, contained } of running) {
      const path = pod.name === 'ops-portal' ? 'live' : 'ready'
      await expect
        .poll(
          () =>
            fetch(`http://127.0.0.1:${pod.port}/health/${path}`).then(
              async (r) => [r.status, ((await r.json()) as { status: string }).status],
              () => contained.err.filter((line) => /Error|^ {4}at/.test(line)).slice(0, 8),
            ),
          { timeout: 60_000, message: pod.name },
        )
        .toEqual([200, 'ok'])
      if (pod.name === 'ops-portal') continue
      const said = contained.out.map((line) => JSON.parse(line) as { msg: string; service: string; version?: string })
      expect(said.find(({ msg }) => msg === 'listening')).toMatchObject({ version })
    }
  }, 120_000)

  test('small pictures are the work of the image that has sharp, and of no other', async () => {
    const takes: string[] = []
    for (const { name, metrics } of world.pods) {
      const text = metrics ? await (await fetch(metrics)).text() : ''
      if (/^jobs_failed\{[^}]*name="thumbnail\.make"/m.test(text)) takes.push(name)
    }
    expect(takes).toEqual(['storage-thumbnails'])
  })

  test('together they are weAlist: people sign in, work, chat and are told, files get small pictures, operators see it all', async () => {
    await seed(world.origin)
    const { email, password } = people.alice
    await world.makeAdmin(email)
    const at = (service: ServiceName) => ({ base: `${world.origin}/api/svc/${service}` })
    ;({ accessToken: token } = await call(sessions.login, { body: { email, password } }, at('auth')))
    const as = (service: ServiceName) => ({ ...at(service), token })
    const { id: workspaceId } = (await call(workspaces.list, {}, as('user'))).items[0]!
    const bob = (await call(members.list, { params: { id: workspaceId } }, as('user'))).items.find(
      ({ role }) => role !== 'owner',
    )!
    const room = { workspaceId, type: 'direct' as const, participantIds: [bob.userId] }
    expect(await call(rooms.create, { body: room }, as('chat'))).toMatchObject({ type: 'direct' })
    expect((await call(notifications.list, {}, as('noti'))).items).toEqual([])

    const png = Buffer.from(onePixel, 'base64')
    const body = { workspaceId, name: 'dot.png', size: png.length, mimeType: 'image/png' }
    const upload = await call(uploads.create, { body }, as('storage'))
    if (upload.mode !== 'form') throw new Error('a small file is a form')
    const form = new FormData()
    for (const [name, value] of Object.entries(upload.fields)) form.append(name, value)
    form.append('file', new Blob([png], { type: 'image/png' }))
    expect((await fetch(upload.url, { method: 'POST', body: form })).ok).toBe(true)
    const file = await call(uploads.complete, { params: { id: upload.id }, body: {} }, as('storage'))
    await expect
      .poll(async () => (await call(files.get, { params: { id: file.id } }, as('storage'))).hasThumbnail, {
        timeout: 20_000,
      })
      .toBe(true)

    expect(await call(status.get, {}, as('ops'))).toMatchObject({ status: 'up' })
    const portal = `http://127.0.0.1:${world.pods.find(({ name }) => name === 'ops-portal')!.port}`
    expect(await (await fetch(`${portal}/config.json`)).json()).toEqual({ apiUrl: world.origin })
    expect(await (await fetch(`${portal}/people`)).text()).toContain('<div id="root">')
  }, 120_000)

  test('a failure is told with the file and the line of the source', async () => {
    const failing = startContained(built['board']!, { PORT: 'x' })
    expect(await failing.ended).toBe(1)
    expect(failing.err.join('\n')).toMatch(/PORT: [^]*packages\/kit\/src\/config\.ts:\d+/)
  })

  test('told to stop, every process drains and ends with 0, having complained of nothing; an open stream ends in order', async () => {
    const headers = { authorization: `Bearer ${token}` }
    const listening = await fetch(`${world.origin}/api/svc/noti${stream.open.path}`, { headers })
    const heard = listening.text()
    expect(listening.status).toBe(200)
    for (const { contained } of running) contained.signal('TERM')
    expect(await heard).toMatch(/event: close\n/)
    for (const { pod, contained } of running.splice(0))
      expect([pod.name, await contained.ended, contained.err, contained.out.filter(isLoud)]).toEqual([
        pod.name,
        0,
        [],
        [],
      ])
  }, 60_000)
})

// While all stop at once, one may still miss another: that is a warning.
const isLoud = (line: string) => /^\{"level":"(error|fatal)"/.test(line)

const onePixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
