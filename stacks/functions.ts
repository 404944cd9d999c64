import { type Node, type ServiceName, serviceNames, topology, peersOf } from '@wealist/contract/topology'
import storage from '../packages/storage/package.json' with { type: 'json' }
import { onBucketAlone, onFiles } from './bucket.ts'
import { environmentOf } from './environment.ts'
import type { Preview } from './preview.ts'
import { withSockets } from './realtime.ts'
import { titled } from './secrets.ts'

/** What calls a function besides requests. */
export type Kind = 'http' | 'socket' | 'stream' | 'jobs'

// API Gateway waits for 30 s; a job of the minute's schedule has as many, which are over before the function is.
const timeouts = { http: '1 minute', socket: '29 seconds', stream: '15 minutes', jobs: '1 minute' } as const
const files = { http: 'lambda', socket: 'lambda-socket', stream: 'lambda-stream', jobs: 'lambda-thumbnails' } as const

/** How every function is bundled: a file for what is loaded at once, others for what is loaded when it is needed. */
export const nodejs = { minify: true, splitting: true, esbuild: { keepNames: false } } as const

/** Services that their peers ask, in the order in which they can be made: a caller after whom it calls. */
const inOrder = serviceNames.toSorted((a, b) => depth(a) - depth(b))
function depth(service: ServiceName): number {
  return Math.max(0, ...peersOf(service).map((peer) => depth(peer) + 1))
}
const isCalled = (service: ServiceName) => serviceNames.some((caller) => peersOf(caller).includes(service))

export interface MadeFunction {
  service: ServiceName
  kind: Kind
  fn: sst.aws.Function
}

/** The functions of all services. None changes before the migrations have run. */
export const makeFunctions = (preview: Preview): MadeFunction[] => {
  const urls: Partial<Record<ServiceName, $util.Output<string>>> = {}
  const arns: Partial<Record<ServiceName, $util.Output<string>>> = {}
  const make = (service: ServiceName, kind: Kind): MadeFunction => {
    const { uses }: Node = topology[service]
    const peers = peersOf(service)
    const socketApi = preview.sockets[service]
    const fn = new sst.aws.Function(`${titled(service)}${kind === 'http' ? '' : titled(kind)}`, {
      handler: `packages/${service}/src/${files[kind]}.handler`,
      description: `${service} of weAlist, ${kind}`,
      runtime: 'nodejs24.x',
      architecture: 'arm64',
      memory: kind === 'jobs' ? '1536 MB' : '1024 MB',
      timeout: timeouts[kind],
      streaming: kind === 'stream',
      vpc: preview.network as { privateSubnets: string[]; securityGroups: string[] },
      nodejs: { ...nodejs, ...(kind === 'jobs' && { install: { sharp: storage.dependencies.sharp } }) },
      logging: { retention: '1 week', format: 'json' },
      environment: {
        ...environmentOf(service, preview),
        ...Object.fromEntries(peers.map((peer) => [`${peer.toUpperCase()}_URL`, urls[peer]!])),
        ...(socketApi && { WEBSOCKET_API_URL: socketApi.managementEndpoint }),
      },
      permissions: [
        { actions: ['secretsmanager:GetSecretValue'], resources: [preview.secrets[service].arn] },
        ...(service === 'auth' ? [{ actions: ['secretsmanager:GetSecretValue'], resources: [preview.keys.arn] }] : []),
        ...(uses.includes('s3') ? (service === 'ops' ? onBucketAlone : onFiles)(preview.bucket) : []),
        // A call of a Function URL asks for both: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
        ...peers.map((peer) => ({
          actions: ['lambda:InvokeFunctionUrl', 'lambda:InvokeFunction'],
          resources: [arns[peer]!],
        })),
        ...(socketApi
          ? [
              {
                actions: ['execute-api:ManageConnections'],
                resources: [$interpolate`${socketApi.nodes.api.executionArn}/*/*/@connections/*`],
              },
            ]
          : []),
      ],
      url: urlOf(kind, isCalled(service), preview),
      transform: { function: (_, options) => void (options.dependsOn = [preview.prepared]) },
    })
    if (kind === 'http' && isCalled(service)) {
      urls[service] = fn.url
      arns[service] = fn.arn
    }
    return { service, kind, fn }
  }
  const adapters = { socket: withSockets, stream: ['noti'], jobs: ['storage'] } as const
  return [
    ...inOrder.map((service) => make(service, 'http')),
    ...Object.entries(adapters).flatMap(([kind, services]) => services.map((s) => make(s, kind as Kind))),
  ]
}

/** The one path that API Gateway cannot carry: it would hold a stream back until its end. */
export const streamPath = '/api/svc/noti/api/notifications/stream'

// Peers sign their calls; a stream is let in by its ticket, as it is everywhere.
const urlOf = (kind: Kind, called: boolean, { router }: Preview) => {
  if (kind === 'stream')
    return { cors: false, router: { instance: router, path: streamPath, readTimeout: '60 seconds' as const } }
  return kind === 'http' && called ? { authorization: 'iam' as const, cors: false } : false
}
