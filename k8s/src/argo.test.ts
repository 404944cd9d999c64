import { describe, expect, test } from 'vitest'
import { environmentNames } from './environment.ts'
import { type Manifest, objectsOf } from './render.ts'

const hook = (object: Manifest) => object.metadata.annotations?.['argocd.argoproj.io/hook']
const wave = (object: Manifest) => Number(object.metadata.annotations?.['argocd.argoproj.io/sync-wave'] ?? 0)
/** What README has a person make before Argo CD comes. */
const byHand = ['ConfigMap rds-ca']

describe.each(environmentNames.filter((name) => name !== 'localhost'))('Argo CD in %s', (name) => {
  const groups = objectsOf(name)
  const applications = [...groups.apps, ...groups.bootstrap].filter(({ kind }) => kind === 'Application')
  const groupOf = ({ spec }: Manifest) => spec.source.path.split('/').at(-1) as keyof typeof groups

  test('applies everything that is rendered', () => {
    const applied = applications.map(groupOf)
    const there = Object.entries(groups).flatMap(([group, objects]) => (objects.length > 0 ? [group] : []))
    expect(there.toSorted()).toEqual([...applied, 'bootstrap'].toSorted())
  })
  test('runs every hook: none is all that its application has, which would count as done', () => {
    for (const application of applications) {
      const objects = groups[groupOf(application)]
      expect([application.metadata.name, objects.filter((o) => !hook(o)).length]).not.toContain(0)
    }
  })
  test('leaves to autoscalers how many pods there are, also while it syncs', () => {
    for (const { spec } of applications) {
      expect(spec.ignoreDifferences).toContainEqual(expect.objectContaining({ jsonPointers: ['/spec/replicas'] }))
      expect(spec.syncPolicy.syncOptions).toContain('RespectIgnoreDifferences=true')
    }
  })
  test('makes databases before it migrates them, and both before there are pods', () => {
    const hooks = groups.services.filter(hook)
    expect(new Set(hooks.map(hook))).toEqual(new Set(['PreSync']))
    const made = hooks.filter(({ metadata }) => metadata.name === 'make-databases')
    const migrated = hooks.filter(({ metadata }) => metadata.name.startsWith('migrate-'))
    expect([made.length, migrated.length]).toEqual([1, hooks.length - 1])
    for (const migration of migrated) expect(wave(made[0]!)).toBeLessThan(wave(migration))
  })
  test('makes what Rollouts name before them: one whose analysis is missing makes no pod, and what waits for it never comes', () => {
    const named = groups.services
      .filter(({ kind }) => kind === 'Rollout')
      .flatMap(({ spec }) => spec.strategy.canary.steps as { analysis?: { templates: { templateName: string }[] } }[])
      .flatMap(({ analysis }) => analysis?.templates ?? [])
    expect(named.length > 0).toBe(name === 'prod')
    const before = groups.base.filter(({ kind }) => kind === 'AnalysisTemplate').map((o) => o.metadata.name)
    expect(before).toEqual([...new Set(named.map(({ templateName }) => templateName))])
  })
  test('gives hooks what they lean on before: nothing of their own application is there at the first sync', () => {
    const before = new Set([
      ...byHand,
      ...groups.base.map((o) => `${o.kind === 'ExternalSecret' ? 'Secret' : o.kind} ${o.metadata.name}`),
      'ServiceAccount default',
    ])
    for (const job of groups.services.filter(hook)) {
      const { containers, volumes, serviceAccountName = 'default' } = job['spec'].template.spec
      const leansOn = [
        `ServiceAccount ${serviceAccountName}`,
        ...containers.flatMap(({ env }: { env: { valueFrom?: { secretKeyRef: { name: string } } }[] }) =>
          env.flatMap(({ valueFrom }) => (valueFrom ? [`Secret ${valueFrom.secretKeyRef.name}`] : [])),
        ),
        ...volumes.flatMap(({ configMap }: { configMap?: { name: string } }) =>
          configMap ? [`ConfigMap ${configMap.name}`] : [],
        ),
      ]
      expect([job.metadata.name, leansOn.filter((what) => !before.has(what))]).toEqual([job.metadata.name, []])
    }
  })
})
