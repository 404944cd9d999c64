import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from '../repository.ts'
import type { Manifest } from './objects.ts'

const packages: Record<string, string> = {
  'networking.istio.io': '@kubernetes-models/istio',
  'security.istio.io': '@kubernetes-models/istio',
  'telemetry.istio.io': '@kubernetes-models/istio',
  'external-secrets.io': '@kubernetes-models/external-secrets',
  'monitoring.coreos.com': '@kubernetes-models/prometheus-operator',
}
const modelOf = ({ apiVersion, kind }: Manifest) => {
  const [group, version] = apiVersion.includes('/') ? (apiVersion.split('/') as [string, string]) : ['', apiVersion]
  const of =
    group === 'argoproj.io'
      ? ['Rollout', 'AnalysisTemplate'].includes(kind)
        ? '@kubernetes-models/argo-rollouts'
        : '@kubernetes-models/argo-cd'
      : (packages[group] ?? 'kubernetes-models')
  return [of, group, version, kind].filter(Boolean).join('/')
}

/**
 * What is misspelt or of the wrong type in any of these objects. Validators of their schemas let unknown fields pass; the
 * compiler, given each as a literal of its type, does not.
 */
export const strictlyWrong = (objects: Record<string, Manifest>): string[] => {
  const dir = mkdtempSync(join(repository, 'node_modules', '.cache', 'k8s-'))
  try {
    const entries = Object.entries(objects)
    const models = [...new Set(entries.map(([, object]) => modelOf(object)))]
    const text = [
      ...models.map((model, i) => `import type { I${model.split('/').at(-1)} as T${i} } from '${model}'`),
      ...entries.map(
        ([, object], i) =>
          // `status` is the cluster's to write; some types want it all the same.
          `export const o${i}: Omit<T${models.indexOf(modelOf(object))}, 'status'> = ${JSON.stringify(object)}`,
      ),
    ]
    writeFileSync(join(dir, 'all.ts'), text.join('\n'))
    const config = {
      extends: '../../../tsconfig.json',
      compilerOptions: { noUnusedLocals: false },
      include: ['all.ts'],
      exclude: [],
    }
    writeFileSync(join(dir, 'tsconfig.json'), JSON.stringify(config))
    const tsc = join(repository, 'node_modules', 'typescript', 'bin', 'tsc')
    const { stdout } = spawnSync(process.execPath, [tsc, '--noEmit', '--pretty', 'false', '-p', dir], {
      encoding: 'utf8',
    })
    return stdout
      .split('\n')
      .filter((line) => /error TS/.test(line))
      .map((line) => {
        const [, at = '0'] = /all\.ts\((\d+),/.exec(line) ?? []
        const name = entries[Number(at) - models.length - 1]?.[0] ?? line
        return `${name}: ${line.replace(/^.*error TS\d+: /, '')}`
      })
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
