import { contracts } from '@wealist/contract/contracts'
import { isSocket, routesOf } from '@wealist/contract/route'
import { type Node, type ServiceName, serviceNames, topology, images } from '@wealist/contract/topology'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { mostPreviews, room, shareOf } from '../../../stacks/connections.ts'
import { nodes } from '../../../stacks/nodes.ts'
import { internalKeys, rounds } from '../../../stacks/rounds.ts'
import { backupDays, stageOf } from '../../../stacks/stage.ts'
import { functions } from './bundle.ts'
import { buildPortal } from './portal.ts'
import { repository } from './repository.ts'
import { services } from './services.ts'
import { openApi } from './stacks/api-routes.ts'
import { openEdge } from './stacks/edge.ts'
import { installPlatform } from './stacks/platform.ts'
import { testPreviewRights } from './stacks/preview-rights.suite.ts'
import { ofType, type Resource } from './stacks/resources.ts'
import { flat, rightsOf } from './stacks/rights.ts'
import { simulate, type Simulated } from './stacks/simulate.ts'

// The program of sst.config.ts runs as it would for a deployment, with Pulumi's mocks in AWS' place. That proves what is
// declared and how it hangs together, not that AWS accepts it.

const settings = Object.fromEntries(
  ['GoogleClientId', 'GoogleClientSecret', 'LiveKitUrl', 'LiveKitApiKey', 'LiveKitApiSecret', 'AdminEmails'].map(
    (name) => [`SST_SECRET_${name}`, `the ${name}`],
  ),
)
const domain = { WEALIST_DOMAIN: 'wealist.example' }
const repositoryIds = { GITHUB_REPOSITORY_OWNER_ID: '123456', GITHUB_REPOSITORY_ID: '456789' }
const titled = (name: string) => name[0]!.toUpperCase() + name.slice(1)
const secretArn = (name: string) => `arn:aws:secretsmanager:ap-northeast-2:000000000000:secret:wealist/${name}`

let pr: Simulated
let dev: Simulated
let prod: Simulated
const named = ({ resources }: Simulated, name: string) => resources.find((r) => r.name === name)!
const only = ({ resources }: Simulated, type: string): Resource => {
  const found = ofType(resources, type)
  expect(found, type).toHaveLength(1)
  return found[0]!
}

beforeAll(async () => {
  await Promise.all([installPlatform(), buildPortal()])
  pr = await simulate('pr-7', domain)
  dev = await simulate('dev', { ...domain, ...settings, ...repositoryIds })
  prod = await simulate('prod', { ...domain, ...settings })
  for (const { error } of [pr, dev, prod]) if (error) throw new Error(error)
}, 300_000)

describe('names of stages', () => {
  const sentence = /^The stage “.*” cannot be: .*\. Use dev, prod, pr-<number> or a short name of your own/
  test('one that is too long or odd is refused with a sentence, before anything is made', async () => {
    for (const name of ['pr-123456', 'a-name-that-is-too-long']) {
      const { resources, error } = await simulate(name)
      expect([name, resources]).toEqual([name, []])
      expect(error).toMatch(sentence)
    }
    for (const name of ['', 'pr-', 'pr-0', 'Minho', 'min_ho', 'a--b', '-a', '7', 'prod-2', '한글'])
      expect(() => stageOf(name), name).toThrow(sentence)
    for (const name of ['dev', 'prod', 'pr-1', 'pr-99999', 'minho', 'minho-2']) expect(stageOf(name).name).toBe(name)
  })
})

describe('settings that people set', () => {
  test('what prod lacks is said in one sentence, with the commands that set it, and nothing is made', async () => {
    const { SST_SECRET_LiveKitApiKey: _, SST_SECRET_AdminEmails: __, ...rest } = settings as Record<string, string>
    const { resources, error } = await simulate('prod', { ...domain, ...rest })
    expect(error).toContain('The stage prod lacks LiveKitApiKey (key that LiveKit knows), AdminEmails')
    expect(error).toContain('npx sst secret set AdminEmails --stage prod')
    expect(resources.map(({ type }) => type)).toEqual(['pulumi:pulumi:Stack'])
  })
  test('so is what dev lacks of the repository that it trusts, whose ids are numbers and nothing else', async () => {
    for (const GITHUB_REPOSITORY_ID of ['', '*'])
      expect(await simulate('dev', { ...domain, ...settings, ...repositoryIds, GITHUB_REPOSITORY_ID })).toMatchObject({
        error: expect.stringContaining("gh api repos/wealist/wealist --jq '.owner.id, .id'"),
        resources: [{ type: 'pulumi:pulumi:Stack' }],
      })
  })
  test('a preview needs none: what nobody set is switched off', () => {
    const chat = JSON.parse(named(pr, 'ChatSecretVersion').inputs['secretString'] as string) as Record<string, string>
    expect(chat['LIVEKIT_API_KEY']).toBe('')
  })
})

describe('a preview answers what the contract says', () => {
  test('every public route of the contract reaches the function of its service', () => {
    const at = openApi(pr.resources)
    for (const service of serviceNames)
      for (const { route } of routesOf(service, contracts[service])) {
        if (route.access === 'internal') continue
        const path = route.path.replaceAll(/\{\w+\}/g, '0192f0c1-0000-7000-8000-000000000000')
        const bare = service === 'auth' && /^\/(oauth2|api\/oauth2|\.well-known)\//.test(path)
        for (const asked of [`/api/svc/${service}${path}`, ...(bare ? [path] : [])])
          expect([asked, at(route.method, asked)]).toEqual([asked, `${titled(service)}Function`])
      }
  })
  test('no internal route, no health and no metrics are reached, by whatever path', () => {
    const at = openApi(pr.resources)
    const internal = serviceNames.flatMap((service) =>
      routesOf(service, contracts[service]).filter(({ route }) => route.access === 'internal'),
    )
    expect(internal.length).toBeGreaterThan(9)
    const paths = [...internal.map(({ route }) => route.path), '/metrics', '/health/ready', '/logs', '/', '']
    for (const path of paths)
      for (const prefix of ['', ...serviceNames.map((service) => `/api/svc/${service}`)])
        expect([prefix + path, at('POST', prefix + path)]).toEqual([prefix + path, undefined])
  })
  test('each request goes through the one address to the API, the stream, the sockets, the pictures or the portal', async () => {
    const edge = openEdge(pr.resources)
    const to = async (path: string) => (await edge(path)).origin
    expect(await to('/api/svc/board/api/tasks/1')).toBe('apiapi.execute-api.example')
    expect(await to('/oauth2/authorization/google')).toBe('apiapi.execute-api.example')
    expect(await to('/.well-known/jwks.json')).toBe('apiapi.execute-api.example')
    expect(await to('/api/svc/noti/api/notifications')).toBe('apiapi.execute-api.example')
    expect(await to('/api/svc/noti/api/notifications/stream')).toBe('notistreamurl.lambda-url.aws.example')
    expect(await edge('/avatars/a.png')).toMatchObject({
      origin: 'wealist-filesbucket.s3.ap-northeast-2.amazonaws.com',
      uri: '/avatars/a.png',
    })
    expect(await to('/avatarsx')).toBe('wealist-portalassetsbucket.s3.ap-northeast-2.amazonaws.com')
    expect(await edge('/people')).toMatchObject({
      origin: 'wealist-portalassetsbucket.s3.ap-northeast-2.amazonaws.com',
      uri: '/index.html',
    })
    expect((await edge('/config.json')).uri).toBe('/config.json')
  })
  test('a socket of the contract opens at its WebSocket API, which has no paths, with its path in the query', async () => {
    const edge = openEdge(pr.resources)
    const sockets = serviceNames.flatMap((service) =>
      Object.values(contracts[service])
        .flatMap((feature) => Object.values(feature))
        .filter(isSocket)
        .map(({ path }) => ({ service, path: `/api/svc/${service}${path.replaceAll(/\{\w+\}/g, 'an-id')}` })),
    )
    expect(new Set(sockets.map(({ service }) => service))).toEqual(new Set(['board', 'chat']))
    for (const { service, path } of sockets)
      expect(await edge(path)).toEqual({
        origin: `${service}socketsapi.execute-api.example`,
        uri: '/$default',
        path: encodeURIComponent(path),
      })
  })
  test('sockets have their three routes, all to the function of their service', () => {
    for (const service of ['board', 'chat']) {
      const api = `${titled(service)}SocketsApi-id`
      const routes = ofType(pr.resources, 'aws:apigatewayv2/route:Route').filter((r) => r.inputs['apiId'] === api)
      expect(routes.map(({ inputs }) => inputs['routeKey'] as string).toSorted()).toEqual([
        '$connect',
        '$default',
        '$disconnect',
      ])
      const integrations = ofType(pr.resources, 'aws:apigatewayv2/integration:Integration')
      for (const { inputs } of integrations.filter((i) => i.inputs['apiId'] === api))
        expect(inputs['integrationUri']).toContain(`function:${titled(service)}SocketFunction/`)
    }
  })
  test('the stream streams; of the other functions only those that peers call have an address, for signed calls alone', () => {
    const urls = ofType(pr.resources, 'aws:lambda/functionUrl:FunctionUrl').map(({ name, inputs }) => [
      name,
      inputs['authorizationType'],
      inputs['invokeMode'],
    ])
    expect(urls.toSorted()).toEqual([
      ['NotiStreamUrl', 'NONE', 'RESPONSE_STREAM'],
      ['NotiUrl', 'AWS_IAM', 'BUFFERED'],
      ['UserUrl', 'AWS_IAM', 'BUFFERED'],
    ])
    expect(named(pr, 'NotiStreamFunction').inputs['timeout']).toBe(900)
  })
})

describe('a preview’s functions', () => {
  const nameOf = (service: ServiceName, kind: string) => titled(service) + (kind === 'http' ? '' : titled(kind))

  test('are every Lambda adapter that there is, and no other, each from its own file', () => {
    const built = pr.builds.map(({ functionID, handler }) => `${functionID} ${handler}`)
    const adapters = functions.map((f) => `${nameOf(f.service, f.kind)} ${f.entry.replace(/\.ts$/, '.handler')}`)
    expect(built.toSorted()).toEqual([...adapters, 'Prepare stacks/functions/prepare.handler'].toSorted())
    const withSharp = pr.builds.filter(({ properties }) => 'install' in properties).map((b) => b.functionID)
    expect(withSharp).toEqual(['StorageJobs'])
  })
  test('run Node 24 on arm64, for as long as what they do may take', () => {
    const timeouts = { http: 60, socket: 29, stream: 900, jobs: 60 }
    for (const { service, kind } of functions) {
      const { inputs } = named(pr, `${nameOf(service, kind)}Function`)
      expect(inputs).toMatchObject({ runtime: 'nodejs24.x', architectures: ['arm64'], timeout: timeouts[kind] })
    }
  })
  test('have their own secret and exactly the rights of their edges in the topology', () => {
    const files = 'arn:aws:s3:::wealist-filesbucket'
    const objects = ['AbortMultipartUpload', 'DeleteObject', 'GetObject', 'ListMultipartUploadParts', 'PutObject']
    for (const { service, kind } of functions) {
      const fn = nameOf(service, kind)
      const { calls, uses }: Node = topology[service]
      const peers = calls.filter((peer) => peer !== 'auth')
      const expected = [
        `secretsmanager:GetSecretValue ${secretArn(`pr-7/${service}`)}`,
        ...(service === 'auth' ? [`secretsmanager:GetSecretValue ${secretArn('pr-7/auth-keys')}`] : []),
        ...(uses.includes('s3') ? [`s3:ListBucket ${files}`] : []),
        ...(uses.includes('s3') && service !== 'ops'
          ? [`s3:ListBucketMultipartUploads ${files}`, ...objects.map((action) => `s3:${action} ${files}/*`)]
          : []),
        ...peers.flatMap((peer) =>
          ['lambda:InvokeFunction', 'lambda:InvokeFunctionUrl'].map(
            (action) => `${action} arn:aws:lambda:ap-northeast-2:000000000000:function:${titled(peer)}Function`,
          ),
        ),
        ...(['board', 'chat'].includes(service)
          ? [
              `execute-api:ManageConnections arn:aws:execute-api:ap-northeast-2:000000000000:${service}socketsapi/*/*/@connections/*`,
            ]
          : []),
      ]
      expect([fn, flat(rightsOf(pr.resources, fn))]).toEqual([fn, expected.toSorted()])
      const { variables } = named(pr, `${fn}Function`).inputs['environment'] as { variables: Record<string, string> }
      expect(variables['SECRETS_ID']).toBe(secretArn(`pr-7/${service}`))
      expect(JSON.stringify(variables)).not.toMatch(/password-of|:secret@/)
      for (const peer of peers)
        expect(variables[`${peer.toUpperCase()}_URL`]).toBe(`https://${peer}url.lambda-url.aws.example/`)
    }
  })
  test('are told in their secret of their own database, and of the keys of those whom they call, no others', () => {
    for (const service of serviceNames) {
      const said = JSON.parse(named(pr, `${titled(service)}SecretVersion`).inputs['secretString'] as string) as Record<
        string,
        string
      >
      const keys = Object.keys(said).filter((name) => name.endsWith('_KEY') && !name.startsWith('LIVEKIT'))
      const { calls, database }: Node = topology[service]
      expect(named(pr, `${titled(service)}SecretVersion`).secret).toContain('secretString')
      expect(keys.toSorted()).toEqual(
        calls
          .filter((peer) => peer !== 'auth')
          .map((peer) => `${peer.toUpperCase()}_KEY`)
          .toSorted(),
      )
      expect(said['DATABASE_URL']).toBe(
        database === null
          ? undefined
          : `postgres://pr_7_${service}:password-of-Password${titled(service)}@postgres.internal:5432/pr_7_${database}?sslmode=verify-full`,
      )
    }
  })
  test('understand each other while internal keys are rotated, whichever of two was started anew first', () => {
    const said = (service: ServiceName) =>
      JSON.parse(named(pr, `${titled(service)}SecretVersion`).inputs['secretString'] as string) as Record<
        string,
        string
      >
    for (const peer of ['user', 'noti'] as const) {
      for (const round of [1, 2, 3]) {
        const [now, next] = [internalKeys(peer, round), internalKeys(peer, round + 1)]
        expect(now.shown).not.toBe(next.shown)
        expect(now.taken).toEqual(expect.arrayContaining([now.shown, next.shown]))
        expect(next.taken).toEqual(expect.arrayContaining([now.shown, next.shown]))
        // After two, whoever has the old one is let in no more.
        expect(internalKeys(peer, round + 2).taken).not.toContain(now.shown)
      }
      const { shown, taken } = internalKeys(peer, 1)
      expect(said('board')[`${peer.toUpperCase()}_KEY`]).toBe(`password-of-${shown}`)
      expect(said(peer)['INTERNAL_KEYS']!.split(',')).toEqual(taken.map((name) => `password-of-${name}`))
    }
  })
  test('change only after the migrations have run', () => {
    const prepared = only(pr, 'aws:lambda/invocation:Invocation')
    expect(prepared.inputs).toMatchObject({ lifecycleScope: 'CRUD' })
    for (const { service, kind } of functions)
      expect(named(pr, `${nameOf(service, kind)}Function`).dependsOn).toContain(prepared.urn)
    for (const { service } of functions.filter(({ kind }) => kind === 'http'))
      if (topology[service].database)
        expect(prepared.dependsOn).toContain(named(pr, `${titled(service)}SecretVersion`).urn)
  })
  test('are ticked each minute where a service has jobs or sockets, and nowhere else', () => {
    const ticked = ofType(pr.resources, 'aws:scheduler/schedule:Schedule')
    for (const { inputs } of ticked) expect(inputs['scheduleExpression']).toBe('rate(1 minute)')
    const expected = functions.filter(({ service, kind }) =>
      kind === 'http' ? services[service].jobs !== undefined : kind !== 'stream',
    )
    expect(ticked.map(({ inputs }) => (inputs['target'] as { arn: string }).arn.split(':').at(-1)).toSorted()).toEqual(
      expected.map(({ service, kind }) => `${nameOf(service, kind)}Function`).toSorted(),
    )
  })
})

describe('what stays and what goes', () => {
  test('a preview protects nothing and leaves nothing, and makes no server and no network', () => {
    for (const { name, protect, retainOnDelete, type } of pr.resources) {
      expect([name, protect, retainOnDelete]).toEqual([name, false, false])
      expect(type).not.toMatch(/^aws:(ec2|rds|elasticache)\//)
    }
    expect(pr.app).toEqual({ removal: 'remove', protect: false })
    for (const { inputs } of ofType(pr.resources, 'aws:secretsmanager/secret:Secret'))
      expect(inputs).toMatchObject({ recoveryWindowInDays: 0, name: expect.stringMatching(/^wealist\/pr-7\//) })
    expect(named(pr, 'FilesBucket').inputs['forceDestroy']).toBe(true)
  })
  test('prod’s data is protected, retained, encrypted and in two zones', () => {
    expect(prod.app).toEqual({ removal: 'retain', protect: true })
    const data = ['aws:rds/instance:Instance', 'aws:elasticache/replicationGroup:ReplicationGroup']
    const kept = [
      ...data.map((type) => only(prod, type)),
      named(prod, 'FilesBucket'),
      ...ofType(prod.resources, 'aws:secretsmanager/secret:Secret').filter(({ inputs }) =>
        String(inputs['name']).startsWith('wealist/'),
      ),
    ]
    expect(kept.length).toBeGreaterThan(10)
    for (const { name, protect, retainOnDelete } of kept)
      expect([name, protect, retainOnDelete]).toEqual([name, true, true])
    expect(kept[0]!.inputs).toMatchObject({
      deletionProtection: true,
      multiAz: true,
      storageEncrypted: true,
      skipFinalSnapshot: false,
      // By its major alone: AWS makes no new server of an old minor one.
      engineVersion: '17',
      backupRetentionPeriod: backupDays,
      deleteAutomatedBackups: false,
    })
    expect(kept[1]!.inputs).toMatchObject({
      transitEncryptionEnabled: true,
      atRestEncryptionEnabled: true,
      multiAzEnabled: true,
      automaticFailoverEnabled: true,
      numCacheClusters: 2,
    })
    expect(named(prod, 'FilesBucket').inputs['forceDestroy']).toBe(false)
  })
  test('nothing throws away files but parts of uploads that nobody finished, and in prod what was deleted before any backup', () => {
    const abandoned = {
      id: 'abandoned-uploads',
      status: 'Enabled',
      filter: { prefix: '' },
      abortIncompleteMultipartUpload: { daysAfterInitiation: 2 },
    }
    for (const stage of [pr, dev]) expect(named(stage, 'FilesLifecycle').inputs['rules']).toEqual([abandoned])
    expect(only(prod, 'aws:s3/bucketVersioning:BucketVersioning').inputs).toMatchObject({
      versioningConfiguration: { status: 'Enabled' },
    })
    // A database of so many days ago finds its files; what nobody can bring back any more is not paid for ever.
    const { noncurrentVersionExpiration, ...deleted } = named(prod, 'FilesLifecycle').inputs['rules'][1]
    expect(noncurrentVersionExpiration.noncurrentDays).toBeGreaterThan(backupDays)
    expect(noncurrentVersionExpiration.noncurrentDays).toBeLessThan(2 * backupDays)
    expect([named(prod, 'FilesLifecycle').inputs['rules'][0], deleted]).toEqual([
      abandoned,
      { id: 'deleted', status: 'Enabled', filter: { prefix: '' }, expiration: { expiredObjectDeleteMarker: true } },
    ])
  })
  test('servers tell before they are full, each node of Redis too, and whoever subscribes to the one topic hears it', () => {
    for (const [stage, members] of [
      [dev, 1],
      [prod, 2],
    ] as const) {
      const topic = only(stage, 'aws:sns/topic:Topic')
      expect(stage.outputs['alarms']).toBe('arn:aws:any:ap-northeast-2:000000000000:Alarms')
      const alarms = ofType(stage.resources, 'aws:cloudwatch/metricAlarm:MetricAlarm')
      const watched = alarms.map(
        ({ inputs }) => `${Object.values(inputs['dimensions']).join()} ${inputs['metricName']}`,
      )
      const ofNodes = Array.from({ length: members }, (_, i) => `RedisCluster-id-00${i + 1}`)
      expect(watched.toSorted()).toEqual(
        [
          ...['FreeStorageSpace', 'CPUUtilization', 'DatabaseConnections'].map((what) => `postgres ${what}`),
          ...ofNodes.flatMap((node) => [`${node} DatabaseMemoryUsagePercentage`, `${node} EngineCPUUtilization`]),
        ].toSorted(),
      )
      const runbook = readFileSync(join(repository, 'k8s', 'runbook.md'), 'utf8')
      for (const { inputs, name } of alarms) {
        expect([inputs['alarmActions'], inputs['okActions']]).toEqual([
          [stage.outputs['alarms']],
          [stage.outputs['alarms']],
        ])
        expect(runbook).toContain(`\n### ${name.replace(/\d$/, '')}\n`)
      }
      expect(topic.inputs['name']).toBe(`wealist-${stage === prod ? 'prod' : 'dev'}-alarms`)
    }
    expect(ofType(pr.resources, 'aws:cloudwatch/metricAlarm:MetricAlarm')).toEqual([])
  })
  test('all stages together have room on the server: what roles may open is less than it takes', () => {
    expect(shareOf('dev') + mostPreviews * shareOf('preview')).toBeLessThanOrEqual(room('dev'))
    expect(shareOf('prod')).toBeLessThanOrEqual(room('prod'))
    const input = JSON.parse(only(pr, 'aws:lambda/invocation:Invocation').inputs['input'] as string) as object
    expect(input).toMatchObject({ limit: 5, most: mostPreviews, redisPrefix: 'wealist:pr-7:' })
    // In another round of passwords it is asked again, and sets them.
    expect(input).toHaveProperty('passwords', rounds.passwords)
  })
})

describe('files', () => {
  test('of nobody’s but this account’s CloudFront reads them without a signature of ours, and it only pictures of people', () => {
    for (const stage of [pr, dev, prod]) {
      const { Statement } = JSON.parse(named(stage, 'FilesPolicy').inputs['policy'] as string) as {
        Statement: { effect?: string }[]
      }
      expect(Statement.filter(({ effect }) => effect !== 'Deny')).toEqual([
        {
          principals: [{ type: 'Service', identifiers: ['cloudfront.amazonaws.com'] }],
          actions: ['s3:GetObject'],
          resources: ['arn:aws:s3:::wealist-filesbucket/avatars/*'],
          conditions: [
            {
              test: 'ArnLike',
              variable: 'AWS:SourceArn',
              values: ['arn:aws:cloudfront::000000000000:distribution/*'],
            },
          ],
        },
      ])
    }
  })
})

describe('the cluster', () => {
  test('lies on three private zones in prod, is protected and retained, and keeps its secrets encrypted', () => {
    const cluster = only(prod, 'aws:eks/cluster:Cluster')
    expect([cluster.protect, cluster.retainOnDelete]).toEqual([true, true])
    expect(cluster.inputs).toMatchObject({
      deletionProtection: true,
      encryptionConfig: { resources: ['secrets'] },
      accessConfig: { authenticationMode: 'API' },
      vpcConfig: { endpointPrivateAccess: true },
    })
    expect((cluster.inputs['vpcConfig'] as { subnetIds: string[] }).subnetIds).toHaveLength(3)
    expect(only(prod, 'aws:eks/nodeGroup:NodeGroup').inputs).toMatchObject({ amiType: 'AL2023_ARM_64_STANDARD' })
  })
  test('keeps what its control plane logs for a time, not for ever', () => {
    for (const [stage, name] of [
      [dev, 'dev'],
      [prod, 'prod'],
    ] as const) {
      const logs = named(stage, 'ClusterLogs')
      // By this name EKS finds it, and makes none of its own.
      expect(logs.inputs['name']).toBe(`/aws/eks/wealist-${name}/cluster`)
      expect(logs.inputs['retentionInDays']).toBeLessThanOrEqual(90)
      expect(only(stage, 'aws:eks/cluster:Cluster').dependsOn).toContain(logs.urn)
    }
  })
  test('reaches S3 from every private zone without paying for the gigabyte', () => {
    for (const stage of [dev, prod])
      expect(only(stage, 'aws:ec2/vpcEndpoint:VpcEndpoint').inputs).toMatchObject({
        serviceName: 'com.amazonaws.ap-northeast-2.s3',
        routeTableIds: [1, 2, 3].map((n) => `NetworkPrivateRouteTable${n}-id`),
      })
  })
  test('enforces NetworkPolicies and hands out identities to pods', () => {
    for (const stage of [dev, prod]) {
      const addons = ofType(stage.resources, 'aws:eks/addon:Addon').map(({ inputs }) => inputs)
      const named = addons.map(({ addonName }) => addonName as string)
      expect(named).toEqual(
        expect.arrayContaining(['coredns', 'kube-proxy', 'eks-pod-identity-agent', 'metrics-server']),
      )
      const cni = addons.find(({ addonName }) => addonName === 'vpc-cni')!
      expect(JSON.parse(cni['configurationValues'] as string)).toEqual({ enableNetworkPolicy: 'true' })
      // EKS puts its own vpc-cni, coredns and kube-proxy into a new cluster, which ours replace.
      for (const { addonName, resolveConflictsOnCreate } of addons)
        expect([addonName, resolveConflictsOnCreate]).toEqual([addonName, 'OVERWRITE'])
    }
  })
  test('has volumes for what is to outlive a pod, also for a claim that names no class', () => {
    for (const { resources } of [dev, prod]) {
      const driver = ofType(resources, 'aws:eks/addon:Addon').find(
        (r) => r.inputs['addonName'] === 'aws-ebs-csi-driver',
      )!
      expect(JSON.parse(driver.inputs['configurationValues'] as string)).toEqual({
        defaultStorageClass: { enabled: true },
      })
      expect(driver.inputs['podIdentityAssociations']).toEqual([
        { serviceAccount: 'ebs-csi-controller-sa', roleArn: 'arn:aws:iam::000000000000:role/VolumesPodRole' },
      ])
      expect(resources.find(({ name }) => name === 'VolumesPodRole')!.inputs['managedPolicyArns']).toEqual([
        'arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy',
      ])
    }
  })
  test('begins with the nodes that it needs; how many there are later is not for a deployment to say', () => {
    for (const [stage, { type, least, desired, most }] of [
      [dev, nodes.dev],
      [prod, nodes.prod],
    ] as const) {
      const group = only(stage, 'aws:eks/nodeGroup:NodeGroup')
      expect(group.inputs).toMatchObject({
        instanceTypes: [type],
        scalingConfig: { minSize: least, desiredSize: desired, maxSize: most },
      })
      expect(group.ignoreChanges).toEqual(['scalingConfig.desiredSize'])
      // An upgrade of the cluster takes its nodes along.
      expect(group.inputs['version']).toBe(only(stage, 'aws:eks/cluster:Cluster').inputs['version'])
    }
  })
  test('gives each service account its own rights in AWS, and those without any none', () => {
    const identities = ofType(prod.resources, 'aws:eks/podIdentityAssociation:PodIdentityAssociation')
    const who = identities.map(({ inputs }) => `${inputs['namespace']}/${inputs['serviceAccount']}`)
    const users = serviceNames.filter((s) =>
      (topology[s].uses as readonly string[]).some((u) => u === 's3' || u === 'secrets'),
    )
    expect(who.toSorted()).toEqual(
      [...users, 'storage-thumbnails']
        .map((s) => `wealist-prod/${s}`)
        .concat('external-secrets/external-secrets')
        .concat(['aws-load-balancer-controller', 'cluster-autoscaler'].map((s) => `kube-system/${s}`))
        .toSorted(),
    )
    const rights = (role: string) => flat(rightsOf(prod.resources, role.replace(/Role$/, '')))
    const inStacks = (role: string) => rights(role).filter((right) => right.endsWith(' *') || right.startsWith('*'))
    for (const { inputs } of identities) {
      const role = (inputs['roleArn'] as string).split('/').at(-1)!
      expect(rights(role).length).toBeGreaterThan(0)
      if (inputs['namespace'] !== 'kube-system') expect(inStacks(role)).toEqual([])
    }
    expect(rights('OpsPodRole')).toEqual(['s3:ListBucket arn:aws:s3:::wealist-filesbucket'])
    expect(rights('AuthPodRole')).toEqual([`secretsmanager:GetSecretValue ${secretArn('prod/auth-keys')}`])
    expect(rights('ExternalSecretsPodRole').join()).toContain(secretArn('prod/*'))
  })
  test('lets its controllers change load balancers, security groups and nodes that are its own by their tags, no other cluster’s', () => {
    const free =
      /:(Describe|Get|List)|^iam:CreateServiceLinkedRole$|Listener|Rule|Targets$|SecurityGroupIngress$|:CreateSecurityGroup$/
    for (const [stage, cluster] of [
      [dev, 'wealist-dev'],
      [prod, 'wealist-prod'],
    ] as const)
      for (const role of ['LoadBalancersPod', 'AutoscalerPod']) {
        const statements = rightsOf(stage.resources, role)
        expect(statements.length).toBeGreaterThan(1)
        for (const { actions, resources, conditions = [] } of statements) {
          const bare = actions.filter((action) => !free.test(action))
          const ofListeners = resources.every((resource) => resource.includes(':listener'))
          if (bare.length === 0 || ofListeners) continue
          const own = conditions.filter(
            ({ test, variable, values }) =>
              test === 'StringEquals' &&
              (variable.endsWith(`/cluster-autoscaler/${cluster}`) ? 'owned' : cluster) === values[0] &&
              /^aws:Re(source|quest)Tag\/(elbv2\.k8s\.aws\/cluster|k8s\.io\/cluster-autoscaler\/)/.test(variable),
          )
          expect([role, bare, own.length]).toEqual([role, bare, 1])
        }
      }
    expect(dev.outputs).toMatchObject({ cluster: 'wealist-dev', vpc: 'NetworkVpc-id', region: 'ap-northeast-2' })
  })
  test('runs images of repositories whose tags never change; dev owns them', () => {
    const repositories = ofType(dev.resources, 'aws:ecr/repository:Repository').map(({ inputs }) => inputs)
    expect(repositories.map(({ name }) => name as string).toSorted()).toEqual(
      images.map((i) => `wealist-${i}`).toSorted(),
    )
    for (const repository of repositories)
      expect(repository).toMatchObject({
        imageTagMutability: 'IMMUTABLE',
        imageScanningConfiguration: { scanOnPush: true },
      })
    expect(ofType(prod.resources, 'aws:ecr/repository:Repository')).toEqual([])
  })
  test('GitHub comes in by OpenID Connect from our repository alone, whoever bears its name later, with no key that is kept', () => {
    for (const [name, subjects] of [
      ['ReleaseRole', ['environment:dev', 'environment:prod']],
      ['PreviewRole', ['pull_request', 'ref:refs/heads/main']],
    ] as const) {
      const [{ Condition }] = JSON.parse(named(dev, name).inputs['assumeRolePolicy'] as string).Statement
      expect(Condition).toEqual({
        StringEquals: {
          'token.actions.githubusercontent.com:aud': 'sts.amazonaws.com',
          'token.actions.githubusercontent.com:sub': subjects.map((s) => `repo:wealist@123456/wealist@456789:${s}`),
        },
      })
      expect(named(dev, name).inputs['managedPolicyArns']).toBeUndefined()
    }
    expect(ofType(dev.resources, 'aws:iam/accessKey:AccessKey')).toEqual([])
  })
  test('dev says as whom API Gateway writes logs, which a preview could not', () => {
    const { cloudwatchRoleArn } = only(dev, 'aws:apigateway/account:Account').inputs
    expect(cloudwatchRoleArn).toBe('arn:aws:iam::000000000000:role/ApiLogsRole')
    expect(named(dev, 'ApiLogsRole').inputs['managedPolicyArns']).toEqual([
      'arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs',
    ])
    expect(ofType(prod.resources, 'aws:apigateway/account:Account')).toEqual([])
  })
  test('no role and no policy is longer than AWS takes', () => {
    const lengthOf = (policy: string) => policy.replaceAll(/\s/g, '').length
    for (const { resources } of [pr, dev, prod]) {
      for (const { name, inputs } of ofType(resources, 'aws:iam/role:Role')) {
        const own = (inputs['inlinePolicies'] ?? []) as { policy: string }[]
        expect([name, own.reduce((sum, { policy }) => sum + lengthOf(policy), 0) <= 10_240]).toEqual([name, true])
      }
      for (const { inputs } of ofType(resources, 'aws:iam/policy:Policy'))
        expect(lengthOf(inputs['policy'] as string)).toBeLessThanOrEqual(6144)
    }
  })
})

testPreviewRights(() => ({ pr, dev }))

describe('sst dev', () => {
  test('works on the servers of one’s own machine where they are named, in functions that run there alone', async () => {
    const local = { DATABASE_URL: 'postgres://postgres@127.0.0.1:15432/postgres', REDIS_URL: 'redis://127.0.0.1:16379' }
    const mine = await simulate('minho', { ...domain, ...local, DEV: '1' })
    expect(mine.error).toBeUndefined()
    const said = (of: Simulated) =>
      JSON.parse(named(of, 'BoardSecretVersion').inputs['secretString'] as string) as Record<string, string>
    expect(said(mine)).toMatchObject({
      DATABASE_URL: 'postgres://minho_board:password-of-PasswordBoard@127.0.0.1:15432/minho_board_db',
      REDIS_URL: local.REDIS_URL,
    })
    expect(named(mine, 'BoardFunction').inputs['handler']).toBe('bootstrap')
    const deployed = await simulate('minho', { ...domain, ...local })
    expect(said(deployed)['REDIS_URL']).toContain('redis.internal')
  }, 120_000)
})

describe('sign-in with Google', () => {
  test('dev owns the one callback that Google knows, and a preview names it with its own prefix of the state', () => {
    expect(dev.outputs['googleCallback']).toBe('https://google.wealist.example/api/oauth2/callback/google')
    const { variables } = named(pr, 'AuthFunction').inputs['environment'] as { variables: Record<string, string> }
    expect(variables).toMatchObject({
      GOOGLE_CALLBACK_URL: 'https://google.wealist.example/api/oauth2/callback/google',
      GOOGLE_STATE_PREFIX: 'pr-7.',
      PUBLIC_URL: 'https://pr-7.wealist.example',
      REDIRECT_URIS: 'https://pr-7.wealist.example/callback',
    })
    expect(prod.outputs['googleCallback']).toBeUndefined()
  })
})
