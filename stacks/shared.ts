import { makeBucket } from './bucket.ts'
import { makeData } from './data.ts'
import { makeGoogleCallback } from './google.ts'
import { makeNetwork, tellNetwork } from './network.ts'
import { makeKeysSecret, makeSecrets } from './secrets.ts'
import { settingsOf } from './settings.ts'
import type { Stage } from './stage.ts'

/** dev or prod: what lies under the cluster, and in dev what previews share. */
export const shared = (stage: Stage) => {
  const settings = settingsOf(stage)
  const domain = process.env['WEALIST_DOMAIN']
  if (!domain) throw new Error(`The stage ${stage.name} needs WEALIST_DOMAIN, the domain under which everything is.`)
  const vpc = makeNetwork(stage)
  const data = makeData(stage, vpc)
  makeSecrets(stage, data, settings)
  makeKeysSecret(stage)
  const bucket = makeBucket(stage, [`https://${stage.kept ? 'app' : stage.name}.${domain}`])
  const previews = stage.kept ? {} : { googleCallback: makeGoogleCallback(domain) }
  if (!stage.kept) tellNetwork(vpc)
  return { bucket: bucket.name, ...previews }
}
