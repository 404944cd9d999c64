import { type Manifest, nameOf, ofKind, podsOf } from './objects.ts'

/** The restricted Pod Security Standard, https://kubernetes.io/docs/concepts/security/pod-security-standards/, and more. */
export const securityWrong = (objects: Manifest[]): string[] =>
  podsOf(objects).flatMap(({ object, pod }) => {
    const wrong: string[] = []
    const { securityContext: of = {}, containers = [], initContainers = [], volumes = [] } = pod
    if (of.runAsNonRoot !== true) wrong.push('may run as root')
    if (!(of.runAsUser > 0)) wrong.push('does not say as whom it runs')
    if (of.seccompProfile?.type !== 'RuntimeDefault') wrong.push('may make any system call')
    for (const name of ['hostNetwork', 'hostPID', 'hostIPC']) if (pod[name]) wrong.push(`shares the host (${name})`)
    if (pod.automountServiceAccountToken !== false && pod.serviceAccountName !== 'gateway')
      wrong.push('is given a token of the cluster')
    for (const volume of volumes)
      if (!['emptyDir', 'configMap', 'persistentVolumeClaim', 'secret', 'projected'].some((type) => type in volume))
        wrong.push(`mounts ${Object.keys(volume).join()}`)
    for (const { securityContext = {}, name, ports = [], resources, image } of [...containers, ...initContainers]) {
      if (securityContext.allowPrivilegeEscalation !== false) wrong.push(`${name} may gain rights`)
      if (securityContext.privileged) wrong.push(`${name} is privileged`)
      if (securityContext.capabilities?.drop?.[0] !== 'ALL') wrong.push(`${name} keeps capabilities`)
      if (securityContext.readOnlyRootFilesystem !== true) wrong.push(`${name} may write its files`)
      if (ports.some((port: { hostPort?: number }) => port.hostPort)) wrong.push(`${name} takes a port of the host`)
      if (!resources?.requests?.cpu || !resources?.limits?.memory) wrong.push(`${name} has no bounds`)
      if (image.endsWith(':latest')) wrong.push(`${name} runs whatever is newest`)
    }
    return wrong.map((what) => `${nameOf(object)} ${what}`)
  })

/** Nodes drain, and people notice nothing: budgets that let one pod go, probes, and time to say goodbye. */
export const drainWrong = (objects: Manifest[]): string[] => {
  const wrong: string[] = []
  const budgets = ofKind(objects, 'PodDisruptionBudget')
  const least = (app: string, given: number) =>
    ofKind(objects, 'HorizontalPodAutoscaler').find(({ spec }) => spec.scaleTargetRef.name === app)?.['spec']
      .minReplicas ?? given
  for (const { object, labels, pod } of podsOf(objects).filter(
    ({ object }) => !['Job', 'StatefulSet'].includes(object.kind),
  )) {
    const app = labels['app']!
    const replicas = least(app, object['spec'].replicas) as number
    const own = budgets.filter(({ spec }) => spec.selector.matchLabels.app === app)
    if (own.length !== 1) wrong.push(`${app} has ${own.length} budgets of disruption`)
    for (const { spec } of own) {
      const mayGo = spec.maxUnavailable ?? replicas - spec.minAvailable
      if (!(mayGo >= 1)) wrong.push(`${app}: its budget lets no pod go, and nodes never drain`)
    }
    const [container] = pod['containers']
    for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe'])
      if (!container[probe]) wrong.push(`${app} has no ${probe}`)
    const drain = drainOf(object, container)
    const sleep = container.lifecycle?.preStop?.sleep?.seconds ?? 0
    const balanced = ofKind(objects, 'Service').some(
      ({ spec }) => spec.type === 'LoadBalancer' && spec.selector.app === app,
    )
    if (sleep <= (balanced ? stillSent : 0)) wrong.push(`${app} ends before the others know that it does`)
    if (pod['terminationGracePeriodSeconds'] < sleep + drain + 10) wrong.push(`${app} is killed while it says goodbye`)
    if (!pod['topologySpreadConstraints']?.length) wrong.push(`${app} may lie on one node`)
  }
  return wrong
}

/** Seconds for which an NLB goes on sending to a target that is gone. */
const stillSent = 120

/** Seconds that a pod says goodbye: a service's own, or those of the mesh's entrance. */
const drainOf = ({ spec }: Manifest, { env }: { env?: { name: string; value?: string }[] }) => {
  const { 'proxy.istio.io/config': proxy = '{}' } = spec.template.metadata.annotations ?? {}
  const { terminationDrainDuration = '0s' } = JSON.parse(proxy) as { terminationDrainDuration?: string }
  return (
    Number(env?.find(({ name }) => name === 'DRAIN_SECONDS')?.value ?? 0) +
    Number.parseInt(terminationDrainDuration, 10)
  )
}

/** Each pod is given its own secret, which is made for it, and no value that should be one is written down. */
export const secretsWrong = (objects: Manifest[], aws: boolean): string[] => {
  const made = new Set(ofKind(objects, 'ExternalSecret').map(({ spec }) => spec.target.name as string))
  const wrong = ofKind(objects, 'Secret').map((secret) => `${nameOf(secret)} is in the repository`)
  for (const { object, pod, labels } of podsOf(objects))
    for (const { env = [], envFrom = [] } of pod['containers']) {
      const app = labels['app'] === 'storage-thumbnails' ? 'storage' : labels['app']
      for (const { secretRef } of envFrom) {
        if (secretRef.name !== app) wrong.push(`${nameOf(object)} is given the secret of ${secretRef.name}`)
        if (aws && !made.has(secretRef.name)) wrong.push(`${nameOf(object)}: nobody makes the secret ${secretRef.name}`)
      }
      for (const { name, value } of env)
        if (
          value !== undefined &&
          /PASSWORD|SECRET|TOKEN|_KEY|_KEYS|DATABASE_URL|REDIS_URL/.test(name) &&
          name !== 'KEYS_SECRET_ID'
        )
          wrong.push(`${nameOf(object)} says ${name} for all to read`)
    }
  return wrong
}
