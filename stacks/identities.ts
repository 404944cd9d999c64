import { type Node, type ServiceName, serviceNames, topology } from '@wealist/contract/topology'
import { onBucketAlone, onFiles } from './bucket.ts'
import { associate, podRole } from './roles.ts'
import { titled } from './secrets.ts'
import { secretOf, type Stage } from './stage.ts'

interface Given {
  stage: Stage
  cluster: aws.eks.Cluster
  bucket: sst.aws.Bucket
  keys: aws.secretsmanager.Secret
}

/** What each service account may do in AWS; one that is not here may do nothing. */
export const makeIdentities = ({ stage, cluster, bucket, keys }: Given) => {
  const namespace = `wealist-${stage.name}`
  const rightsOf = (service: ServiceName) => {
    const { uses }: Node = topology[service]
    return [
      ...(uses.includes('s3') ? (service === 'ops' ? onBucketAlone : onFiles)(bucket) : []),
      ...(uses.includes('secrets') ? [{ actions: ['secretsmanager:GetSecretValue'], resources: [keys.arn] }] : []),
    ]
  }
  for (const service of serviceNames) {
    const rights = rightsOf(service)
    if (rights.length === 0) continue
    const role = podRole(`${titled(service)}PodRole`, rights)
    associate(cluster, titled(service), { namespace, serviceAccount: service, role })
    if (service === 'storage')
      associate(cluster, 'StorageThumbnails', { namespace, serviceAccount: 'storage-thumbnails', role })
  }
  const account = aws.getCallerIdentityOutput({}).accountId
  const region = aws.getRegionOutput().region
  const secrets = $interpolate`arn:aws:secretsmanager:${region}:${account}:secret:${secretOf(stage, '*')}`
  const role = podRole('ExternalSecretsPodRole', [
    { actions: ['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret'], resources: [secrets] },
  ])
  associate(cluster, 'ExternalSecrets', { namespace: 'external-secrets', serviceAccount: 'external-secrets', role })
}
