import { Application } from '@kubernetes-models/argo-cd/argoproj.io/v1alpha1/Application'
import { AppProject } from '@kubernetes-models/argo-cd/argoproj.io/v1alpha1/AppProject'
import { argocd, type Environment, ingress } from './environment.ts'

const repoURL = 'https://github.com/wealist/wealist.git'
/** dev follows main; prod what was released. */
const branchOf = ({ name }: Environment) => (name === 'prod' ? 'release' : 'main')
const cluster = 'https://kubernetes.default.svc'

const application = (name: string, path: string, wave: number, env: Environment, to: string) =>
  new Application({
    metadata: {
      name,
      namespace: argocd,
      finalizers: ['resources-finalizer.argocd.argoproj.io'],
      annotations: { 'argocd.argoproj.io/sync-wave': String(wave) },
    },
    spec: {
      project: 'wealist',
      source: { repoURL, targetRevision: branchOf(env), path, directory: { recurse: true } },
      destination: { server: cluster, namespace: to },
      syncPolicy: {
        automated: { prune: true, selfHeal: true },
        retry: { limit: 5, backoff: { duration: '10s', factor: 2, maxDuration: '3m' } },
        // Without the last one what is ignored is still set back by every sync.
        syncOptions: ['ServerSideApply=true', 'PruneLast=true', 'RespectIgnoreDifferences=true'],
      },
      // Who scales decides how many there are.
      ignoreDifferences: [
        { group: 'apps', kind: 'Deployment', jsonPointers: ['/spec/replicas'] },
        { group: 'argoproj.io', kind: 'Rollout', jsonPointers: ['/spec/replicas'] },
      ],
    },
  })

/** What the bootstrap applies by hand, once: the project, and the application of all the others. */
export const bootstrapOf = (env: Environment) => [
  new AppProject({
    metadata: { name: 'wealist', namespace: argocd },
    spec: {
      description: 'weAlist, and nothing else in this cluster',
      sourceRepos: [repoURL],
      destinations: [env.namespace, ingress.namespace, argocd].map((namespace) => ({ server: cluster, namespace })),
      clusterResourceWhitelist: [{ group: '', kind: 'Namespace' }],
    },
  }),
  application(`wealist-${env.name}`, `k8s/manifests/${env.name}/apps`, 0, env, argocd),
]

/** In order: namespaces, the gateway and all that the services name; databases and the services; what watches them. */
export const applicationsOf = (env: Environment) =>
  ['base', 'services', 'monitoring'].map((group, wave) =>
    application(`wealist-${env.name}-${group}`, `k8s/manifests/${env.name}/${group}`, wave, env, env.namespace),
  )
