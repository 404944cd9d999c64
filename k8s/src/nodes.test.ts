import { expect, test } from 'vitest'
import { nodes } from '../../stacks/nodes.ts'
import { type Manifest, objectsOf } from './render.ts'

interface Amount {
  /** Thousandths of a core. */
  cpu: number
  /** MiB. */
  memory: number
}
const sum = (all: Amount[]): Amount => ({
  cpu: all.reduce((n, { cpu }) => n + cpu, 0),
  memory: all.reduce((n, { memory }) => n + memory, 0),
})
const times = ({ cpu, memory }: Amount, n: number): Amount => ({ cpu: cpu * n, memory: memory * n })

const milli = (text: string) => (text.endsWith('m') ? Number(text.slice(0, -1)) : Number(text) * 1000)
const mebi = (text: string) => Number.parseInt(text, 10) * (text.endsWith('Gi') ? 1024 : 1)

/** istiod, DNS, metrics, Prometheus, Loki, Argo CD, controllers. */
const platform: Amount = { cpu: 1500, memory: 6 * 1024 }
/** On every node: kube-proxy, two CNI plugins, disks, Alloy. */
const everywhere: Amount = { cpu: 300, memory: 400 }

/** What EKS leaves of a node: without 6 % of its first core, 1 % of the second, the kernel's, 11 MiB a pod, and a rest. */
const leaves = (cpus: number, memory: number, mostPods: number): Amount => ({
  cpu: cpus * 1000 - 60 - 10 * (cpus - 1),
  memory: memory * 1024 * 0.95 - (255 + 11 * mostPods) - 100,
})

const asksFor = (name: 'dev' | 'prod'): Amount => {
  const objects = Object.values(objectsOf(name)).flat()
  const least = ({ metadata, spec }: Manifest) =>
    objects.find(({ kind, metadata: m }) => kind === 'HorizontalPodAutoscaler' && m.name === metadata.name)?.['spec']
      .minReplicas ?? spec.replicas
  return sum(
    objects
      .filter(({ kind }) => ['Deployment', 'Rollout'].includes(kind))
      .map((object) => {
        const { metadata, spec } = object['spec'].template
        const of = (what: string) => metadata.annotations[`sidecar.istio.io/proxy${what}`] as string
        // The gateway is the mesh's container itself.
        const beside = object.metadata.name === 'gateway' ? [] : [{ cpu: milli(of('CPU')), memory: mebi(of('Memory')) }]
        const own = spec.containers.map(({ resources }: { resources: { requests: Record<string, string> } }) => ({
          cpu: milli(resources.requests['cpu']!),
          memory: mebi(resources.requests['memory']!),
        }))
        return times(sum([...own, ...beside]), least(object))
      }),
  )
}

/** By https://github.com/awslabs/amazon-eks-ami, `eni-max-pods.txt`. */
const mostPods = { dev: 35, prod: 29 }

const fits = (name: 'dev' | 'prod', count: number) => {
  const { cpus, memory } = nodes[name]
  const free = times(leaves(cpus, memory, mostPods[name]), count)
  const wanted = sum([asksFor(name), platform, times(everywhere, count)])
  return { cpu: wanted.cpu <= free.cpu, memory: wanted.memory <= free.memory }
}

test.each(['dev', 'prod'] as const)('the least pods of %s, with sidecars and the platform’s own, fit', (name) => {
  expect(fits(name, nodes[name].least)).toEqual({ cpu: true, memory: true })
})
test.each(['dev', 'prod'] as const)('they fit in %s also while one of its nodes is away', (name) => {
  expect(fits(name, nodes[name].desired - 1)).toEqual({ cpu: true, memory: true })
})
