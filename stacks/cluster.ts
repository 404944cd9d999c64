import { makeAddons } from './addons.ts'
import { nodes } from './nodes.ts'
import { managed, trusting } from './roles.ts'
import { guard, type Stage } from './stage.ts'

export const clusterName = ({ name }: Stage) => `wealist-${name}`

/** EKS on private subnets, with nodes of Graviton and the add-ons that the manifests count on. */
export const makeCluster = (stage: Stage, vpc: sst.aws.Vpc) => {
  const clusterRole = new aws.iam.Role('ClusterRole', {
    assumeRolePolicy: trusting('eks.amazonaws.com'),
    managedPolicyArns: [managed('AmazonEKSClusterPolicy')],
  })
  const key = new aws.kms.Key('ClusterKey', { enableKeyRotation: true, deletionWindowInDays: 30 }, guard(stage))
  // EKS would make it by itself, and keep what is in it for ever.
  const logs = new aws.cloudwatch.LogGroup('ClusterLogs', {
    name: `/aws/eks/${clusterName(stage)}/cluster`,
    retentionInDays: stage.kept ? 90 : 14,
  })
  const cluster = new aws.eks.Cluster(
    'Cluster',
    {
      name: clusterName(stage),
      // In AWS' standard support until August 2027; past that an hour costs six times as much.
      version: '1.36',
      roleArn: clusterRole.arn,
      deletionProtection: stage.kept,
      vpcConfig: {
        subnetIds: vpc.privateSubnets,
        endpointPrivateAccess: true,
        // Argo CD works from inside; people come through the address that their tokens are asked for.
        endpointPublicAccess: true,
      },
      accessConfig: { authenticationMode: 'API', bootstrapClusterCreatorAdminPermissions: true },
      encryptionConfig: { provider: { keyArn: key.arn }, resources: ['secrets'] },
      enabledClusterLogTypes: ['api', 'audit', 'authenticator'],
    },
    { ...guard(stage), dependsOn: [logs] },
  )
  makeAddons(cluster, makeNodes(stage, vpc, cluster))
  return cluster
}

const makeNodes = ({ kept }: Stage, vpc: sst.aws.Vpc, cluster: aws.eks.Cluster) => {
  const nodeRole = new aws.iam.Role('NodeRole', {
    assumeRolePolicy: trusting('ec2.amazonaws.com'),
    managedPolicyArns: ['AmazonEKSWorkerNodePolicy', 'AmazonEC2ContainerRegistryPullOnly', 'AmazonEKS_CNI_Policy'].map(
      managed,
    ),
  })
  const { type, least, desired, most } = nodes[kept ? 'prod' : 'dev']
  return new aws.eks.NodeGroup(
    'Nodes',
    {
      clusterName: cluster.name,
      // Told, so that they follow when the cluster goes on to another.
      version: cluster.version,
      nodeRoleArn: nodeRole.arn,
      subnetIds: vpc.privateSubnets,
      amiType: 'AL2023_ARM_64_STANDARD',
      instanceTypes: [type],
      scalingConfig: { minSize: least, desiredSize: desired, maxSize: most },
      updateConfig: { maxUnavailable: 1 },
    },
    // From then on the Cluster Autoscaler says how many there are: a deployment would take away what it added.
    { ignoreChanges: ['scalingConfig.desiredSize'] },
  )
}
