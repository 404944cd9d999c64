import { guard, type Stage } from './stage.ts'

const trusting = (service: string) => aws.iam.assumeRolePolicyForPrincipal({ Service: service })
const managed = (name: string) => `arn:aws:iam::aws:policy/${name}`

/** Whoever runs in a pod gets its rights by EKS Pod Identity: no keys, no annotations, the pair of namespace and account. */
export const podRole = (name: string, statements: { actions: string[]; resources: $util.Input<string>[] }[]) =>
  new aws.iam.Role(name, {
    assumeRolePolicy: JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Service: 'pods.eks.amazonaws.com' },
          Action: ['sts:AssumeRole', 'sts:TagSession'],
        },
      ],
    }),
    inlinePolicies:
      statements.length > 0 ? [{ name: 'own', policy: aws.iam.getPolicyDocumentOutput({ statements }).json }] : [],
  })

/** EKS on private subnets, with nodes of Graviton and the add-ons that the manifests count on. */
export const makeCluster = (stage: Stage, vpc: sst.aws.Vpc) => {
  const name = `wealist-${stage.name}`
  const clusterRole = new aws.iam.Role('ClusterRole', {
    assumeRolePolicy: trusting('eks.amazonaws.com'),
    managedPolicyArns: [managed('AmazonEKSClusterPolicy')],
  })
  const key = new aws.kms.Key('ClusterKey', { enableKeyRotation: true, deletionWindowInDays: 30 }, guard(stage))
  const cluster = new aws.eks.Cluster(
    'Cluster',
    {
      name,
      version: '1.34',
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
    guard(stage),
  )
  const nodeRole = new aws.iam.Role('NodeRole', {
    assumeRolePolicy: trusting('ec2.amazonaws.com'),
    managedPolicyArns: ['AmazonEKSWorkerNodePolicy', 'AmazonEC2ContainerRegistryPullOnly', 'AmazonEKS_CNI_Policy'].map(
      managed,
    ),
  })
  const nodes = new aws.eks.NodeGroup('Nodes', {
    clusterName: cluster.name,
    nodeRoleArn: nodeRole.arn,
    subnetIds: vpc.privateSubnets,
    amiType: 'AL2023_ARM_64_STANDARD',
    instanceTypes: [stage.kept ? 'm7g.large' : 't4g.large'],
    scalingConfig: stage.kept
      ? { minSize: 3, desiredSize: 3, maxSize: 12 }
      : { minSize: 2, desiredSize: 2, maxSize: 4 },
    updateConfig: { maxUnavailable: 1 },
  })
  const addon = (addonName: string, configuration: object = {}) =>
    new aws.eks.Addon(
      `Addon${addonName.replaceAll('-', '')}`,
      {
        clusterName: cluster.name,
        addonName,
        resolveConflictsOnUpdate: 'PRESERVE',
        ...(Object.keys(configuration).length > 0 && { configurationValues: JSON.stringify(configuration) }),
      },
      { dependsOn: [nodes] },
    )
  // Without this NetworkPolicies would be there and mean nothing.
  addon('vpc-cni', { enableNetworkPolicy: 'true' })
  for (const addonName of ['coredns', 'kube-proxy', 'eks-pod-identity-agent', 'metrics-server']) addon(addonName)
  return cluster
}
