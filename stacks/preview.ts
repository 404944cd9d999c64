import { makeApi } from './api.ts'
import { makeBucket } from './bucket.ts'
import { type Data, dataOf } from './data.ts'
import { makeFunctions } from './functions.ts'
import { scheduleJobs } from './jobs.ts'
import { devNetwork, type Network } from './network.ts'
import { makePortal } from './portal.ts'
import { prepare } from './prepare.ts'
import { keepWithinBoundary } from './preview-boundary.ts'
import { makeSocketApis, routeSockets, type SocketApis } from './realtime.ts'
import { makeRouter, route } from './router.ts'
import { makeKeysSecret, makeSecrets, type Secrets } from './secrets.ts'
import { settingsOf } from './settings.ts'
import type { Stage } from './stage.ts'

/** What the parts of a preview share. */
export interface Preview {
  stage: Stage
  /** Under which previews are `<stage>.<domain>`; without one they have an address of CloudFront's. */
  domain: string | undefined
  region: $util.Output<string>
  /** Its one address. */
  url: $util.Output<string>
  network: Network
  data: Data
  secrets: Secrets
  keys: aws.secretsmanager.Secret
  bucket: sst.aws.Bucket
  sockets: SocketApis
  router: sst.aws.Router
  prepared: aws.lambda.Invocation
}

/** Everything of a preview: functions on dev's network and servers, with data of its own. */
export const preview = (stage: Stage) => {
  leaveNothing()
  keepWithinBoundary(stage)
  const domain = process.env['WEALIST_DOMAIN'] || undefined
  const network = devNetwork()
  const data = dataOf(stage)
  const secrets = makeSecrets(stage, data, settingsOf(stage))
  const keys = makeKeysSecret(stage)
  const router = makeRouter(domain && `${stage.name}.${domain}`)
  const url = domain ? $util.output(`https://${stage.name}.${domain}`) : router.url
  const parts = {
    ...{ stage, domain, network, data, secrets, keys, router, url },
    region: aws.getRegionOutput().region,
    bucket: makeBucket(stage, [url, 'http://localhost:5173']),
    sockets: makeSocketApis(),
    prepared: prepare({ stage, network, data, secrets, keys }),
  }
  const functions = makeFunctions(parts)
  routeSockets(parts.sockets, functions)
  scheduleJobs(functions)
  route(router, { ...parts, api: makeApi(functions) })
  makePortal(router)
  return { url }
}

// SST would keep source maps for its Console when a stage goes; a preview leaves nothing.
const leaveNothing = () => $transform(aws.s3.BucketObjectv2, (_, options) => void (options.retainOnDelete = false))
