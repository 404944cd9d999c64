import { makeAlarms } from './alarms.ts'
import { makeApiLogs } from './api-logs.ts'
import { makeAssets, makePortalCdn } from './assets.ts'
import { makeBucket } from './bucket.ts'
import { makeCluster } from './cluster.ts'
import { makeControllers } from './controllers.ts'
import { makeData } from './data.ts'
import { makeGithubRoles, repositoryOf } from './github.ts'
import { makeGoogleCallback } from './google.ts'
import { makeIdentities } from './identities.ts'
import { makeNetwork, tellNetwork } from './network.ts'
import { makeRegistry } from './registry.ts'
import { makeKeysSecret, makeSecrets } from './secrets.ts'
import { settingsOf } from './settings.ts'
import type { Stage } from './stage.ts'

/** dev or prod: the cluster and what lies under it, and in dev what previews and releases share. */
export const shared = (stage: Stage) => {
  const settings = settingsOf(stage)
  const root = process.env['WEALIST_DOMAIN']
  if (!root) throw new Error(`The stage ${stage.name} needs WEALIST_DOMAIN, the domain under which everything is.`)
  const repository = stage.kept ? undefined : repositoryOf()
  const domain = `${stage.kept ? 'app' : stage.name}.${root}`
  const vpc = makeNetwork(stage)
  const data = makeData(stage, vpc)
  const alarms = makeAlarms(stage, data.servers)
  makeSecrets(stage, data, settings)
  const keys = makeKeysSecret(stage)
  const bucket = makeBucket(stage, [`https://${domain}`, `https://ops.${domain}`])
  const assets = makeAssets(bucket, domain)
  makePortalCdn(domain)
  const cluster = makeCluster(stage, vpc)
  makeIdentities({ stage, cluster, bucket, keys })
  makeControllers(stage, cluster)
  const { region } = aws.getRegionOutput()
  const told = { cluster: cluster.name, vpc: vpc.id, region, bucket: bucket.name, assets: assets.url, alarms }
  if (!repository) return told
  tellNetwork(vpc)
  makeRegistry(stage)
  makeApiLogs()
  return { ...told, ...makeGithubRoles(vpc, root, repository), googleCallback: makeGoogleCallback(root) }
}
