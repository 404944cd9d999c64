import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { serviceNames } from '@wealist/contract/topology'
import { expect, test } from 'vitest'
import { images } from './container.ts'
import { ignoring } from './container-context.ts'
import { stagesOf } from './container-file.ts'
import { inImages, withSourceMaps } from './for-node.ts'
import { repository } from './repository.ts'

const read = (file: string) => readFileSync(join(repository, file), 'utf8')
const stages = stagesOf(read('k8s/Dockerfile'))

test('a step that is not understood is refused, not skipped', () => {
  for (const [text, why] of [
    ['FROM a AS b\nHEALTHCHECK none', 'line 2: HEALTHCHECK is not understood'],
    ['FROM a AS b\nRUN --network=host true', 'RUN --network=host is not understood'],
    ['FROM a AS b\nCOPY --chmod=777 x y', 'COPY --chmod=777 is not understood'],
    ['FROM a', 'a stage says FROM image AS name'],
    ['COPY a b', 'before the first stage'],
  ] as const)
    expect(() => stagesOf(text)).toThrow(why)
  expect(stagesOf('FROM a AS b\nRUN --mount=type=cache,target=/x one \\\n  two')[0]?.steps[0]?.text).toBe('one   two')
})

test('base images are named by version and by digest', () => {
  const outside = stages.filter(({ from }) => !stages.some(({ name }) => name === from))
  expect(outside.map(({ name }) => name)).toEqual(['packages', 'base'])
  for (const { from } of outside) expect(from).toMatch(/^[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}$/)
})

test('what runs in production is without a shell, a name or a right: the distroless base, user 65532, and only what was packed', () => {
  const base = stages.find(({ name }) => name === 'base')!
  expect(base.from).toMatch(/distroless\/nodejs24-debian13:nonroot@/)
  expect(base.steps.find(({ name }) => name === 'USER')?.text).toBe('65532:65532')
  expect(base.steps.map(({ name }) => name)).not.toContain('RUN')
  expect(base.steps.find(({ name }) => name === 'CMD')?.text).toBe('["index.mjs"]')
  const last = stages.filter(({ from }) => from === 'base')
  expect(last.map(({ name }) => name)).toEqual(['ops-portal', 'service'])
  expect(stages.at(-1)?.name).toBe('service')
  for (const { steps } of last)
    expect(steps.map(({ name, flags, text }) => [name, Object.keys(flags), text])).toEqual([
      ['COPY', ['from'], '/src/out/ ./'],
    ])
})

test('stacks name the lines of the sources by the same option in images and in functions', () => {
  expect(stages.find(({ name }) => name === 'base')!.steps.map(({ text }) => text)).toContain(
    `NODE_OPTIONS="${inImages}"`,
  )
  expect(read('stacks/environment.ts')).toContain(`NODE_OPTIONS: '${withSourceMaps}'`)
})

test('packages are installed from the lock file before any source is copied, and every workspace is among them', () => {
  const { steps } = stages[0]!
  const install = steps.findIndex(({ text }) => text.startsWith('npm ci '))
  const before = steps
    .slice(0, install)
    .flatMap(({ name, text }) => (name === 'COPY' ? text.split(' ').slice(0, -1) : []))
  const workspaces = globSync('packages/*/package.json', { cwd: repository }).map((file) => file.replaceAll('\\', '/'))
  expect(before.toSorted()).toEqual(['package-lock.json', 'package.json', ...workspaces].toSorted())
})

test('there is an image for every service, for small pictures and for the portal', () => {
  expect(images.map(({ name }) => name)).toEqual([...serviceNames, 'storage-thumbnails', 'ops-portal'])
})

test('the builder is given sources and nothing that only this machine has', () => {
  const ignored = ignoring(read('k8s/Dockerfile.dockerignore'))
  for (const file of ['package-lock.json', 'packages/kit/src/sql.ts', 'packages/board/migrations/0001-init.sql'])
    expect([file, ignored(file)]).toEqual([file, false])
  for (const file of [
    '.git/config',
    '.env',
    '.wealist/auth-keys.json',
    'node_modules/zod/index.js',
    'packages/user/node_modules/x/y.js',
    'packages/auth/.wealist/auth-keys.json',
    'packages/board/.env.local',
    'packages/ops-portal/dist/index.html',
    'packages/kit/src/auth.test.ts',
    'k8s/environments/prod.json',
  ])
    expect([file, ignored(file)]).toEqual([file, true])
})
