import { clusterName } from './cluster.ts'
import { ofLoadBalancers } from './load-balancers.ts'
import { associate, podRole, type Statement } from './roles.ts'
import type { Stage } from './stage.ts'

/** The least that the Cluster Autoscaler asks for, on the groups that EKS tags as this cluster's nodes and no others. */
const ofNodes = (cluster: string): Statement[] => [
  {
    actions: [
      ...['AutoScalingGroups', 'AutoScalingInstances', 'LaunchConfigurations', 'ScalingActivities', 'Tags'].map(
        (what) => `autoscaling:Describe${what}`,
      ),
      ...['ec2:DescribeImages', 'ec2:DescribeInstanceTypes', 'ec2:DescribeLaunchTemplateVersions'],
      ...['ec2:GetInstanceTypesFromInstanceRequirements', 'eks:DescribeNodegroup'],
    ],
    resources: ['*'],
  },
  {
    actions: ['autoscaling:SetDesiredCapacity', 'autoscaling:TerminateInstanceInAutoScalingGroup'],
    resources: ['*'],
    conditions: [
      { test: 'StringEquals', variable: 'aws:ResourceTag/k8s.io/cluster-autoscaler/enabled', values: ['true'] },
      { test: 'StringEquals', variable: `aws:ResourceTag/k8s.io/cluster-autoscaler/${cluster}`, values: ['owned'] },
    ],
  },
]

/** What AWS lets the controllers do that the README has installed in kube-system, under these names. */
export const makeControllers = (stage: Stage, cluster: aws.eks.Cluster) => {
  const control = (name: string, serviceAccount: string, rights: Statement[]) =>
    associate(cluster, name, { namespace: 'kube-system', serviceAccount, role: podRole(`${name}PodRole`, rights) })
  control('LoadBalancers', 'aws-load-balancer-controller', ofLoadBalancers(clusterName(stage)))
  control('Autoscaler', 'cluster-autoscaler', ofNodes(clusterName(stage)))
}
