import { type Node, type ServiceName, serviceNames, topology } from '@wealist/contract/topology'
import { onBucketAlone, onFiles } from './bucket.ts'
import { podRole } from './cluster.ts'
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
  const associate = (name: string, to: { namespace: string; serviceAccount: string }, role: aws.iam.Role) =>
    new aws.eks.PodIdentityAssociation(`${name}Identity`, { clusterName: cluster.name, ...to, roleArn: role.arn })

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
    associate(titled(service), { namespace, serviceAccount: service }, role)
    if (service === 'storage') associate('StorageThumbnails', { namespace, serviceAccount: 'storage-thumbnails' }, role)
  }
  const account = aws.getCallerIdentityOutput({}).accountId
  const region = aws.getRegionOutput().region
  const secrets = $interpolate`arn:aws:secretsmanager:${region}:${account}:secret:${secretOf(stage, '*')}`
  const reader = podRole('ExternalSecretsPodRole', [
    { actions: ['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret'], resources: [secrets] },
  ])
  associate('ExternalSecrets', { namespace: 'external-secrets', serviceAccount: 'external-secrets' }, reader)
}
