import { withDatabase } from '@wealist/contract/topology'
import { concurrency } from '@wealist/kit/jobs.worker'
import { expect, test } from 'vitest'
import { perService } from '../../stacks/connections.ts'
import { type EnvironmentName, environmentNames } from './environment.ts'
import { ticketRoutes } from './public-paths.ts'
import { objectsOf } from './render.ts'

/** What a pod opens besides its pool: its worker's, and the one that holds its lock (jobs.worker.ts); replays (live.ts). */
const jobs = concurrency + 1 + 1
const replays = 2
const withoutJobs = ['ops']
const live = new Set<string>(ticketRoutes.map(({ service }) => service))

/** Most connections of each role: of all pods that there may be, and one more of each kind while a new version comes. */
const mostOf = (name: EnvironmentName) => {
  const objects = objectsOf(name).services
  const scaled = (app: string) =>
    objects.find(({ kind, metadata }) => kind === 'HorizontalPodAutoscaler' && metadata.name === app)?.['spec']
  const most = new Map<string, number>()
  for (const { metadata, spec } of objects.filter(({ kind }) => ['Deployment', 'Rollout'].includes(kind))) {
    const [{ env, envFrom = [] }] = spec.template.spec.containers
    const pool = env.find((v: { name: string }) => v.name === 'DATABASE_POOL')
    if (!pool) continue
    const role = envFrom[0].secretRef.name as string
    const { maxSurge } = spec.strategy.canary ?? spec.strategy.rollingUpdate
    const pods = (scaled(metadata.name)?.maxReplicas ?? spec.replicas) + maxSurge
    const each = Number(pool.value) + (withoutJobs.includes(role) ? 0 : jobs) + (live.has(metadata.name) ? replays : 0)
    most.set(role, (most.get(role) ?? 0) + pods * each)
  }
  return most
}

test.each(['dev', 'prod'] as const)('all pods of %s at once open no more than their role may', (name) => {
  const most = mostOf(name)
  expect([...most.keys()].toSorted()).toEqual(withDatabase.toSorted())
  for (const [role, connections] of most) {
    expect([role, connections, connections <= perService[name]]).toEqual([role, connections, true])
  }
})

test('on Kind, where roles have no limit, all together find room on the server', () => {
  const postgres = objectsOf('localhost').databases.find(
    ({ kind, metadata }) => kind === 'StatefulSet' && metadata.name === 'postgres',
  )!
  const [, room] = /max_connections=(\d+)/.exec(postgres['spec'].template.spec.containers[0].args.join(' '))!
  const keptForSuperusers = 3
  const all = [...mostOf('localhost').values()].reduce((sum, n) => sum + n, 0)
  expect(all + keptForSuperusers).toBeLessThanOrEqual(Number(room))
})

test('every pod with a database says how large its pool is, and none without', () => {
  for (const name of environmentNames)
    for (const { metadata, spec } of objectsOf(name).services.filter(({ kind }) =>
      ['Deployment', 'Rollout'].includes(kind),
    )) {
      const has = spec.template.spec.containers[0].env.some((v: { name: string }) => v.name === 'DATABASE_POOL')
      expect([metadata.name, has]).toEqual([metadata.name, !['auth', 'ops-portal'].includes(metadata.name)])
    }
})
