import { expect, test } from 'vitest'
import { importsOnlyDownwards, onePlaceEach, onlyKnownEdges, portalKnowsTheWireAlone } from './architecture.ts'
import { source, sources } from './sources.ts'

const all = sources()

test('there are sources to judge', () => expect(all.length).toBeGreaterThan(50))

test('rule 1: a service imports contract, kit and npm packages, contract imports zod, kit knows no service', () => {
  expect(importsOnlyDownwards(all)).toEqual([])
})

test('rule 1 fails when a service imports another one, reaches above its folder, or contract grows a dependency', () => {
  const broken = [
    source('packages/board/src/a.ts', "import { x } from '@wealist/user/people'"),
    source('packages/board/src/b.ts', "const m = await import('../../user/src/people.ts')"),
    source('packages/contract/src/c.ts', "import { Hono } from 'hono'"),
    source('packages/kit/src/d.ts', "export * from '@wealist/auth/keys'"),
    source('packages/kit/src/e.ts', "import type { Task } from '@wealist/contract/board'"),
  ]
  expect(importsOnlyDownwards(broken)).toHaveLength(5)
})

test('rule 1: the portal imports contract and what browsers run', () => {
  expect(portalKnowsTheWireAlone(all)).toEqual([])
  const broken = ['@wealist/kit/errors', 'node:fs', '../../ops/src/people.ts', '@wealist/ops/people']
  expect(
    portalKnowsTheWireAlone(broken.map((i) => source('packages/ops-portal/src/a.tsx', `import '${i}'`))),
  ).toHaveLength(4)
})

test('rule 2: SQL only in *.sql.ts, hono only in *.routes.ts and *.live.ts, the environment only in deps.ts', () => {
  expect(onePlaceEach(all)).toEqual([])
})

test('rule 2 fails when a rule writes SQL, hono leaks or the environment is read elsewhere', () => {
  const broken = [
    source('packages/board/src/tasks.ts', "import { sql } from '@wealist/kit/sql'"),
    source('packages/board/src/labels.ts', "import { type Queryable, containing } from '@wealist/kit/sql'"),
    source('packages/board/src/boards.ts', "import pg from 'pg'"),
    source('packages/user/src/people.ts', "import type { Context } from 'hono'"),
    source('packages/user/src/avatars.ts', 'const bucket = process.env.BUCKET'),
  ]
  expect(onePlaceEach(broken)).toHaveLength(5)
  const allowed = [
    "import { type Queryable } from '@wealist/kit/sql'",
    "import { constraintOf } from '@wealist/kit/sql-errors'",
  ]
  expect(onePlaceEach(allowed.map((text) => source('packages/board/src/tasks.ts', text)))).toEqual([])
})

test('rule 7: every edge a service uses is in the topology', () => {
  expect(onlyKnownEdges(all)).toEqual([])
})

test('rule 7 fails when a service calls one it has no edge to', () => {
  expect(onlyKnownEdges([source('packages/noti/src/a.ts', "await ctx.call('user', lookup, {})")])).toEqual([
    'packages/noti/src/a.ts calls user: noti → user is not in the topology',
  ])
})
