import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { Manifest } from '../../../../k8s/src/render.ts'
import { repository } from '../repository.ts'

export type { Manifest }

/** What is committed for an environment: the very files that Argo CD applies. */
export const committed = (environment: string): Manifest[] => {
  const dir = join(repository, 'k8s', 'manifests', environment)
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => parse(readFileSync(join(entry.parentPath, entry.name), 'utf8')) as Manifest)
}

export const ofKind = (objects: Manifest[], ...kinds: string[]) => objects.filter(({ kind }) => kinds.includes(kind))
export const nameOf = ({ kind, metadata }: Manifest) => `${kind} ${metadata.name}`

/** Every object that makes pods, with what its pods are. */
export const podsOf = (objects: Manifest[]) =>
  ofKind(objects, 'Deployment', 'Rollout', 'StatefulSet', 'Job').map((object) => ({
    object,
    labels: object['spec'].template.metadata.labels as Record<string, string>,
    pod: object['spec'].template.spec as Record<string, any>,
  }))
