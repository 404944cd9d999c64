import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Model } from '@kubernetes-models/base'
import { stringify } from 'yaml'
import { analysisOf } from './analysis.ts'
import { applicationsOf, bootstrapOf } from './argo.ts'
import { baseOf } from './base.ts'
import { databasesOf, migrationsOf } from './databases.ts'
import { environmentNames, environmentOf, type Environment, type EnvironmentName } from './environment.ts'
import { gatewayOf } from './gateway.ts'
import { serversOf } from './localhost.ts'
import { policiesOf } from './mesh-policies.ts'
import { routesOf } from './mesh-routes.ts'
import { monitoringOf } from './monitoring.ts'
import { networkOf } from './network.ts'
import { secretsOf } from './secrets.ts'
import { workloadsOf } from './workloads.ts'

/** An object as it stands in a file. */
export interface Manifest {
  apiVersion: string
  kind: string
  metadata: { name: string; namespace?: string; labels?: Record<string, string>; annotations?: Record<string, string> }
  [more: string]: any
}

/** What Argo CD applies, in this order, and `bootstrap`, which a person applies once. */
const groups = {
  base: (env) => [
    ...baseOf(env),
    ...secretsOf(env),
    ...networkOf(env),
    ...policiesOf(env),
    ...gatewayOf(env),
    ...analysisOf(env),
  ],
  // Of Kind alone. Argo CD would not run a hook that is all of its application (argoproj/argo-cd#7237).
  databases: (env) => (env.aws ? [] : [...serversOf(env), ...databasesOf(env)]),
  services: (env) => [
    ...(env.aws ? databasesOf(env) : []),
    ...migrationsOf(env),
    ...workloadsOf(env),
    ...routesOf(env),
  ],
  monitoring: monitoringOf,
  // Kind is applied by hand.
  apps: (env) => (env.aws ? applicationsOf(env) : []),
  bootstrap: (env) => (env.aws ? bootstrapOf(env) : []),
} satisfies Record<string, (env: Environment) => Model<object>[]>
type Group = keyof typeof groups

/** Every file of every environment, by its path below `k8s/manifests`. Each object is validated against its schema. */
export const rendered = (): Map<string, Manifest> => {
  const files = new Map<string, Manifest>()
  for (const name of environmentNames)
    for (const [group, make] of Object.entries(groups))
      for (const model of make(environmentOf(name))) {
        model.validate()
        const manifest = JSON.parse(JSON.stringify(model)) as Manifest
        const { kind, metadata } = manifest
        const space = metadata.namespace === 'istio-ingress' ? 'ingress-' : ''
        const file = `${name}/${group}/${space}${kind.toLowerCase()}-${metadata.name}.yaml`
        if (files.has(file)) throw new Error(`Two objects are called ${file}`)
        files.set(file, manifest)
      }
  return files
}

/** What an environment is, by group. */
export const objectsOf = (name: EnvironmentName): Record<Group, Manifest[]> => {
  const all = [...rendered()]
  return Object.fromEntries(
    Object.keys(groups).map((group) => [
      group,
      all.filter(([file]) => file.startsWith(`${name}/${group}/`)).map(([, manifest]) => manifest),
    ]),
  ) as Record<Group, Manifest[]>
}

/** One way to write it, so that a diff shows what changed and nothing else. */
export const asYaml = (manifest: Manifest) => stringify(manifest, { lineWidth: 0, aliasDuplicateObjects: false })

export const manifests = fileURLToPath(new URL('../manifests/', import.meta.url))

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  rmSync(manifests, { recursive: true, force: true })
  const files = rendered()
  for (const [file, manifest] of files) {
    mkdirSync(dirname(join(manifests, file)), { recursive: true })
    writeFileSync(join(manifests, file), asYaml(manifest))
  }
  console.log(`${files.size} objects in k8s/manifests`)
}
