import { podRole } from './roles.ts'

interface More {
  configuration?: object
  account?: { serviceAccount: string; roleArn: $util.Output<string> }
}

/** What the manifests count on and EKS itself keeps up to date. */
export const makeAddons = (cluster: aws.eks.Cluster, nodes: aws.eks.NodeGroup) => {
  const addon = (addonName: string, { configuration, account }: More = {}) =>
    new aws.eks.Addon(
      `Addon${addonName.replaceAll('-', '')}`,
      {
        clusterName: cluster.name,
        addonName,
        // A new cluster comes with three of them, as EKS sets them up unasked: our settings take their place.
        resolveConflictsOnCreate: 'OVERWRITE',
        resolveConflictsOnUpdate: 'PRESERVE',
        ...(configuration && { configurationValues: JSON.stringify(configuration) }),
        ...(account && { podIdentityAssociations: [account] }),
      },
      { dependsOn: [nodes] },
    )
  // Without this NetworkPolicies would be there and mean nothing.
  addon('vpc-cni', { configuration: { enableNetworkPolicy: 'true' } })
  for (const addonName of ['coredns', 'kube-proxy', 'eks-pod-identity-agent', 'metrics-server']) addon(addonName)
  // What Prometheus and Loki remember lies on volumes; a claim that names no class gets one, too.
  const volumes = podRole('VolumesPodRole', [], ['service-role/AmazonEBSCSIDriverPolicy'])
  addon('aws-ebs-csi-driver', {
    configuration: { defaultStorageClass: { enabled: true } },
    account: { serviceAccount: 'ebs-csi-controller-sa', roleArn: volumes.arn },
  })
}
