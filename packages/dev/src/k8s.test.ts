import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { contracts } from '@wealist/contract/contracts'
import { isSocket, routesOf } from '@wealist/contract/route'
import { barePaths, type ServiceName, serviceNames, topology, under, images } from '@wealist/contract/topology'
import { parse, stringify } from 'yaml'
import { describe, expect, test } from 'vitest'
import { environmentNames, environmentOf } from '../../../k8s/src/environment.ts'
import { ours } from '../../../k8s/src/gateway-filter.ts'
import { publicRoutes, ticketRoutes } from '../../../k8s/src/public-paths.ts'
import { asYaml, manifests, rendered } from '../../../k8s/src/render.ts'
import { doorsWrong, edgesWrong, metricsWrong, openWrong } from './k8s/edges.ts'
import { wayOf } from './k8s/mesh.ts'
import { committed, type Manifest, nameOf, ofKind, podsOf } from './k8s/objects.ts'
import { strictlyWrong } from './k8s/strict.ts'
import { drainWrong, secretsWrong, securityWrong } from './k8s/workloads.ts'
import { repository } from './repository.ts'

// Rules over the very files that a cluster applies. Each is a function that says what is wrong, so that a mistake made on
// purpose shows that it would be found.
const of = Object.fromEntries(environmentNames.map((name) => [name, committed(name)]))
const { prod } = of as { prod: Manifest[] }

test('what is committed is what is rendered: `npm run k8s` was run after the last change', () => {
  const files = rendered()
  const there = readdirSync(manifests, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(manifests.length).replaceAll('\\', '/'))
  expect(there.toSorted()).toEqual([...files.keys()].toSorted())
  for (const [file, manifest] of files)
    expect([file, readFileSync(join(manifests, file), 'utf8')]).toEqual([file, asYaml(manifest)])
})

test('every object is what its schema says, strictly: no field is misspelt or of another type', () => {
  expect(strictlyWrong(Object.fromEntries(rendered()))).toEqual([])
})

describe.each(environmentNames)('%s', (name) => {
  const objects = of[name]!
  test('every edge of the topology is allowed once in both kinds of policy, and nothing else is', () => {
    expect(edgesWrong(objects)).toEqual([])
    expect(openWrong(objects)).toEqual([])
    expect(metricsWrong(objects)).toEqual([])
    expect(doorsWrong(objects)).toEqual([])
  })
  test('every pod keeps the restricted standard and may not write its files', () => {
    const servers = ['postgres', 'redis', 's3', 'livekit']
    const wrong = securityWrong(objects)
    expect(wrong.filter((what) => !servers.some((server) => what.startsWith(`StatefulSet ${server}`)))).toEqual([])
    // Servers of Kind: others' images, held to the same.
    expect(wrong).toEqual([])
  })
  test('nodes drain, and who is connected is told before: budgets, probes, spread, time', () => {
    expect(drainWrong(objects)).toEqual([])
  })
  test('no secret is in the repository, and each pod is given its own', () => {
    expect(secretsWrong(objects, name !== 'localhost')).toEqual([])
  })
  test('ports, images and environments are the topology’s', () => {
    for (const service of serviceNames) {
      const { spec } = ofKind(objects, 'Service').find((o) => o.metadata.name === service)!
      expect(spec.ports[0].port).toBe(topology[service].port)
    }
    const { registry, tags } = environmentOf(name)
    const pods = podsOf(objects).flatMap(({ pod }) => pod['containers'] as { image: string }[])
    for (const { image } of pods.filter((c) => c.image.includes('/wealist-'))) {
      const [, what, tag] = /\/wealist-([\w-]+):(.+)$/.exec(image)!
      expect([image, tags[what as keyof typeof tags]]).toEqual([`${registry}/wealist-${what}:${tag}`, tag])
    }
    const run = podsOf(objects).map(({ labels }) => labels['app']!)
    expect(run).toEqual(expect.arrayContaining([...images]))
  })
})

describe('the way of a request', () => {
  const env = environmentOf('prod')
  const at = (method: string, path: string, token = false, host = env.domain) =>
    wayOf(prod, { host, method, path, ...(token && { issuer: env.origin }) })
  const id = '0192f0c1-0000-7000-8000-000000000000'
  const filled = (path: string) => path.replaceAll(/\{\w+\}/g, id)

  test('a route of the contract reaches its service with a token, and without one only where it is public', () => {
    for (const service of serviceNames)
      for (const { route } of routesOf(service, contracts[service])) {
        if (route.access === 'internal') continue
        const path = filled(route.path)
        const outside = `/api/svc/${service}${path}`
        const reached = { service, path, live: route.stream === true }
        expect([outside, at(route.method, outside, true)]).toEqual([outside, reached])
        const anonymous = route.access === 'public' || route.stream ? reached : { refused: 'policy' }
        expect([route.method, outside, at(route.method, outside)]).toEqual([route.method, outside, anonymous])
        const bare = service === 'auth' && barePaths.some((pattern) => path.startsWith(pattern.slice(0, -1)))
        if (bare) expect(at(route.method, path)).toEqual(reached)
      }
  })
  test('sockets open without a token, whose ticket the service redeems, and stay open', () => {
    for (const service of serviceNames)
      for (const { path } of Object.values(contracts[service])
        .flatMap((f) => Object.values(f))
        .filter(isSocket))
        expect(at('GET', `/api/svc/${service}${filled(path)}`)).toEqual({ service, path: filled(path), live: true })
  })
  test('nothing internal is reached, by whatever path, prefix or token', () => {
    const internal = serviceNames.flatMap((service) =>
      routesOf(service, contracts[service])
        .filter(({ route }) => route.access === 'internal')
        .map(({ route }) => filled(route.path)),
    )
    const paths = [...internal, '/metrics', '/health/ready', '/health/live', '/logs', '/docs']
    const climbs = ['', '/api/tasks/..', '/api/users/x/../..', '/oauth2/..', '/api/chats//..']
    for (const path of paths)
      for (const before of ['', ...serviceNames.map((service) => `/api/svc/${service}`)])
        for (const climb of climbs) {
          const asked = before + climb + path
          const way = at('GET', asked, true)
          // One that climbs may come out at another public path, and nowhere else.
          const reached = 'service' in way && way.service in topology ? way : undefined
          const isPublic =
            reached &&
            (topology[reached.service as ServiceName].public as readonly string[]).some((p) => under(p, reached.path))
          expect([asked, 'refused' in way || isPublic]).toEqual([asked, true])
        }
    for (const odd of ['/api/svc/user/api/users%2f..%2finternal', '/api/svc/user/api/users%5c..%5cinternal'])
      expect(at('GET', odd, true)).toEqual({ refused: 'path' })
    expect(at('GET', '/api/svc/board/api/tasksandmore', true)).toEqual({ refused: 'route' })
  })
  test('even past the gateway’s routes a pod lets it reach public paths alone, and peers internal ones alone', async () => {
    const { allowed } = await import('./k8s/mesh.ts')
    const as = (account: string, path: string, namespace = env.namespace) =>
      allowed(prod, env.namespace, 'user', {
        method: 'GET',
        path,
        port: String(topology.user.port),
        principal: `cluster.local/ns/${namespace}/sa/${account}`,
      })
    expect(as('gateway', '/internal/users', 'istio-ingress')).toBe(false)
    expect(as('gateway', '/api/users/me', 'istio-ingress')).toBe(true)
    expect([as('board', '/internal/memberships'), as('board', '/api/users/me')]).toEqual([true, false])
    expect([as('noti', '/internal/memberships'), as('ops-portal', '/internal/memberships')]).toEqual([false, false])
    expect(as('gateway', '/api/users/me')).toBe(false)
  })
  test('the portal answers on its own name, and a preflight without a token', () => {
    expect(at('GET', '/people', false, env.portalHost)).toEqual({
      service: 'ops-portal',
      path: '/people',
      live: false,
    })
    expect(at('OPTIONS', '/api/svc/board/api/projects')).toMatchObject({ service: 'board' })
    expect(at('GET', '/', true, 'evil.example')).toEqual({ refused: 'policy' })
  })
  test('the claims are the gateway’s to set: the header is dropped from outside before anything reads it', () => {
    const [filter] = ofKind(prod, 'EnvoyFilter')
    const [patch] = filter!['spec'].configPatches
    expect([patch.applyTo, patch.match.context]).toEqual(['NETWORK_FILTER', 'GATEWAY'])
    const mutations = patch.patch.value.typed_config.early_header_mutation_extensions[0].typed_config.mutations
    expect(mutations).toEqual(ours.map((remove) => ({ remove })))
    const [rule] = ofKind(prod, 'RequestAuthentication')[0]!['spec'].jwtRules
    expect(rule).toMatchObject({ issuer: env.origin, audiences: ['wealist'], outputPayloadToHeader: 'x-jwt-payload' })
    expect(mutations).toContainEqual({ remove: rule.outputPayloadToHeader })
    const modes = ofKind(prod, 'PeerAuthentication').map(({ spec }) => spec.mtls.mode)
    expect(new Set(modes)).toEqual(new Set(['STRICT']))
    for (const { pod } of podsOf(prod))
      for (const { name, env: given = [] } of pod['containers'])
        if (serviceNames.includes(name))
          expect(given.find((v: { name: string }) => v.name === 'AUTH_MODE')).toMatchObject({ value: 'gateway' })
  })
  test('every path that is open without a token is on the reviewed list', () => {
    const reviewed = readFileSync(join(repository, 'k8s/public-paths.txt'), 'utf8')
      .split('\n')
      .filter((line) => line && !line.startsWith('#'))
    const open = [...publicRoutes, ...ticketRoutes].map(({ service, method, path }) => `${method} ${service} ${path}`)
    expect(open.toSorted()).toEqual(reviewed.toSorted())
  })
  test('no pod is left out for answering that a server is away: all would be, one after the other', () => {
    const rules = ofKind(prod, 'DestinationRule')
    expect(rules.length).toBeGreaterThan(6)
    for (const { spec } of rules)
      expect(spec.trafficPolicy.outlierDetection).toMatchObject({
        splitExternalLocalOriginErrors: true,
        consecutiveLocalOriginFailures: 5,
        consecutiveGatewayErrors: 0,
        consecutive5xxErrors: 0,
      })
  })
  test('nothing that was sent is sent again, and sockets are not counted against a bound that they would reach', () => {
    for (const { spec } of ofKind(prod, 'VirtualService'))
      for (const { retries } of spec.http)
        // A bound of each try would end, at the gateway, what a service still works on and stores.
        expect(retries).toEqual({ attempts: 2, retryOn: 'connect-failure' })
    for (const { spec } of ofKind(prod, 'DestinationRule'))
      expect(spec.trafficPolicy.connectionPool.tcp.maxConnections).toBeGreaterThanOrEqual(100_000)
  })
})

describe('environments', () => {
  test('dev and prod differ where they must, and nowhere else', () => {
    const dev = of['dev']!
    const plain = (objects: Manifest[], name: 'dev' | 'prod') => {
      const { domain, bucket, certificate, tags } = environmentOf(name)
      return new Map(
        objects.map((object) => {
          let text = stringify(object, { lineWidth: 0 })
          for (const value of [domain, bucket, certificate, ...Object.values(tags)])
            text = text.replaceAll(value, 'its own')
          return [nameOf(object).replace(name, 'env').replace('Rollout', 'Deployment'), text.replaceAll(name, 'env')]
        }),
      )
    }
    const [a, b] = [plain(dev, 'dev'), plain(prod, 'prod')]
    const different = [...new Set([...a.keys(), ...b.keys()])].filter((key) => a.get(key) !== b.get(key))
    // Reviewed: canaries and what they are held to, how many pods and connections, which branch, how much is traced.
    const reviewed = [
      /^Deployment /,
      /^HorizontalPodAutoscaler /,
      /^AnalysisTemplate healthy$/,
      /^Application /,
      /^Telemetry /,
      /^Job make-databases$/,
    ]
    expect(different.filter((key) => !reviewed.some((pattern) => pattern.test(key)))).toEqual([])
  })
  test('dev follows main and prod what was released; only our own project may deploy', () => {
    const follows = (name: string) =>
      new Set(ofKind(of[name]!, 'Application').map(({ spec }) => spec.source.targetRevision as string))
    expect([follows('dev'), follows('prod')]).toEqual([new Set(['main']), new Set(['release'])])
    for (const { spec } of ofKind(prod, 'Application')) expect(spec.project).toBe('wealist')
  })
})

describe('a mistake made on purpose is found', () => {
  const changed = (change: (objects: Manifest[]) => unknown) => {
    const copy = parse(stringify(prod, { aliasDuplicateObjects: false })) as Manifest[]
    change(copy)
    return copy
  }
  const one = (objects: Manifest[], kind: string, name: string) =>
    objects.find((o) => o.kind === kind && o.metadata.name === name)!
  const without = (kind: string, name: string) =>
    changed((objects) => objects.splice(objects.indexOf(one(objects, kind, name)), 1))

  test('a field that is misspelt, deep inside', () => {
    const { spec, ...rest } = one(prod, 'Rollout', 'board')
    const misspelt = parse(stringify(spec).replace('readinessProbe:', 'readynessProbe:')) as object
    expect(strictlyWrong({ board: { ...rest, spec: misspelt } as Manifest }).join()).toContain('readynessProbe')
  })
  test('a policy that is missing', () => {
    expect(edgesWrong(without('NetworkPolicy', 'noti'))).toContain(
      'NetworkPolicies’ entrances do not allow board → noti',
    )
    expect(openWrong(without('NetworkPolicy', 'noti'))).toContain('noti has no NetworkPolicy')
    expect(openWrong(without('AuthorizationPolicy', 'chat'))).toContain('chat has no AuthorizationPolicy')
    expect(openWrong(without('AuthorizationPolicy', 'nothing-else'))).toHaveLength(1)
    expect(openWrong(without('NetworkPolicy', 'nothing-else'))).toHaveLength(1)
  })
  test('a policy for a wrong principal', () => {
    const wrong = changed((objects) => {
      const { spec } = one(objects, 'AuthorizationPolicy', 'user')
      spec.rules[1].from[0].source.principals = ['cluster.local/ns/wealist-prod/sa/ops-portal']
    })
    expect(edgesWrong(wrong)).toEqual([
      'AuthorizationPolicies do not allow auth → user',
      'AuthorizationPolicies allow ops-portal → user, which is no edge',
    ])
  })
  test('a rule that lets in anybody', () => {
    const wrong = changed((objects) =>
      one(objects, 'NetworkPolicy', 'chat')['spec'].ingress.push({ ports: [{ port: 8001 }] }),
    )
    expect(openWrong(wrong)).toEqual(['NetworkPolicy chat is open: ingress without a peer or a port'])
  })
  test('metrics that somebody else may read', () => {
    const wrong = changed((objects) =>
      one(objects, 'NetworkPolicy', 'user')['spec'].ingress.at(-1).from.push({ podSelector: {} }),
    )
    expect(metricsWrong(wrong)[0]).toContain('NetworkPolicy user: its metrics are told to')
  })
  test('a budget that blocks drains', () => {
    const wrong = changed((objects) => {
      one(objects, 'PodDisruptionBudget', 'board')['spec'] = {
        minAvailable: 3,
        selector: { matchLabels: { app: 'board' } },
      }
    })
    expect(drainWrong(wrong)).toEqual(['board: its budget lets no pod go, and nodes never drain'])
  })
  test('a grace period shorter than the goodbye, a probe that is gone', () => {
    const wrong = changed((objects) => {
      const { spec } = one(objects, 'Rollout', 'chat')
      spec.template.spec.terminationGracePeriodSeconds = 30
      delete spec.template.spec.containers[0].startupProbe
    })
    expect(drainWrong(wrong)).toEqual(['chat has no startupProbe', 'chat is killed while it says goodbye'])
  })
  test('an entrance that goes while the load balancer still sends to it, or is killed while it drains', () => {
    const wrong = (change: (pod: Record<string, any>) => unknown) =>
      drainWrong(changed((objects) => change(one(objects, 'Deployment', 'gateway')['spec'].template.spec)))
    expect(wrong((pod) => delete pod['containers'][0].lifecycle)).toEqual([
      'gateway ends before the others know that it does',
    ])
    expect(wrong((pod) => (pod['containers'][0].lifecycle.preStop.sleep.seconds = 60))).toHaveLength(1)
    expect(wrong((pod) => (pod['terminationGracePeriodSeconds'] = 180))).toEqual([
      'gateway is killed while it says goodbye',
    ])
  })
  test('a pod that may run as root, or write its files', () => {
    const wrong = changed((objects) => {
      const { spec } = one(objects, 'Rollout', 'auth')
      spec.template.spec.securityContext.runAsNonRoot = false
      spec.template.spec.containers[0].securityContext.readOnlyRootFilesystem = false
    })
    expect(securityWrong(wrong)).toEqual(['Rollout auth may run as root', 'Rollout auth auth may write its files'])
  })
  test('another’s secret, a secret written down, a secret that nobody makes', () => {
    const wrong = changed((objects) => {
      const [container] = one(objects, 'Rollout', 'chat')['spec'].template.spec.containers
      container.envFrom[0].secretRef.name = 'user'
      container.env.push({ name: 'LIVEKIT_API_SECRET', value: 'x' })
      objects.push({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' } })
      objects.splice(objects.indexOf(one(objects, 'ExternalSecret', 'noti')), 1)
    })
    expect(secretsWrong(wrong, true)).toEqual([
      'Secret x is in the repository',
      expect.stringContaining('is given the secret of user'),
      'Rollout chat says LIVEKIT_API_SECRET for all to read',
      'Rollout noti: nobody makes the secret noti',
    ])
  })
  test('an internal path that the gateway routes', () => {
    const wrong = changed((objects) => {
      const route = one(objects, 'VirtualService', 'api')['spec'].http.find((r: { name: string }) => r.name === 'user')
      route.match.push({ uri: { prefix: '/api/svc/user/internal/' } })
    })
    const { domain: host, origin: issuer } = environmentOf('prod')
    // The pod's own policy still refuses it: there are two locks.
    expect(wayOf(wrong, { host, method: 'GET', path: '/api/svc/user/internal/users', issuer })).toEqual({
      refused: 'pod',
    })
  })
})
