import type { Statement } from './roles.ts'

const of = (service: string, actions: string[]) => actions.map((action) => `${service}:${action}`)
const ec2 = (...actions: string[]) => of('ec2', actions)
const elb = (...actions: string[]) => of('elasticloadbalancing', actions)
const arns = (...what: string[]) => what.map((name) => `arn:aws:elasticloadbalancing:*:*:${name}`)

const tag = 'elbv2.k8s.aws/cluster'
const groups = ['arn:aws:ec2:*:*:security-group/*']
const tagged = arns('targetgroup/*/*', 'loadbalancer/net/*/*', 'loadbalancer/app/*/*')
const equals = (variable: string, ...values: string[]) => ({ test: 'StringEquals', variable, values })

/**
 * What the AWS Load Balancer Controller asks for, as it publishes it with 3.1 (docs/install/iam_policy.json), less what
 * firewalls and sign-in at an ALB need. Narrower in one thing: what bears the tag of a cluster is that cluster's alone, where it lets any pass.
 */
export const ofLoadBalancers = (cluster: string): Statement[] => {
  const mine = equals(`aws:ResourceTag/${tag}`, cluster)
  const becomesMine = equals(`aws:RequestTag/${tag}`, cluster)
  const staysMine = [{ test: 'Null', variable: `aws:RequestTag/${tag}`, values: ['true'] }, mine]
  const may = (actions: string[], resources = ['*'], ...conditions: (typeof mine)[]): Statement => ({
    actions,
    resources,
    ...(conditions.length > 0 && { conditions }),
  })
  return [
    may(['iam:CreateServiceLinkedRole'], ['*'], equals('iam:AWSServiceName', 'elasticloadbalancing.amazonaws.com')),
    may([
      ...ec2('DescribeAccountAttributes', 'DescribeAddresses', 'DescribeAvailabilityZones', 'DescribeCoipPools'),
      ...ec2('DescribeInstances', 'DescribeInternetGateways', 'DescribeIpamPools', 'DescribeNetworkInterfaces'),
      ...ec2('DescribeRouteTables', 'DescribeSecurityGroups', 'DescribeSubnets', 'DescribeTags', 'DescribeVpcs'),
      ...ec2('DescribeVpcPeeringConnections', 'GetCoipPoolUsage', 'GetSecurityGroupsForVpc'),
      ...elb('Describe*'),
      ...of('acm', ['ListCertificates', 'DescribeCertificate']),
      ...of('iam', ['ListServerCertificates', 'GetServerCertificate']),
      ...of('wafv2', ['GetWebACL', 'GetWebACLForResource']),
      ...of('shield', ['GetSubscriptionState', 'DescribeProtection']),
    ]),
    may(ec2('AuthorizeSecurityGroupIngress', 'RevokeSecurityGroupIngress', 'CreateSecurityGroup')),
    may(ec2('CreateTags'), groups, equals('ec2:CreateAction', 'CreateSecurityGroup'), becomesMine),
    may(ec2('CreateTags', 'DeleteTags'), groups, ...staysMine),
    may(ec2('DeleteSecurityGroup'), ['*'], mine),
    may(elb('CreateLoadBalancer', 'CreateTargetGroup'), ['*'], becomesMine),
    may(
      elb('AddTags'),
      tagged,
      equals('elasticloadbalancing:CreateAction', 'CreateTargetGroup', 'CreateLoadBalancer'),
      becomesMine,
    ),
    may(elb('AddTags', 'RemoveTags'), tagged, ...staysMine),
    may(
      [
        ...elb('DeleteLoadBalancer', 'ModifyLoadBalancerAttributes', 'ModifyCapacityReservation', 'ModifyIpPools'),
        ...elb('SetIpAddressType', 'SetSecurityGroups', 'SetSubnets', 'ModifyListenerAttributes'),
        ...elb('DeleteTargetGroup', 'ModifyTargetGroup', 'ModifyTargetGroupAttributes'),
      ],
      ['*'],
      mine,
    ),
    // Listeners and rules have not always had tags, and targets have none.
    may([
      ...elb('CreateListener', 'ModifyListener', 'DeleteListener', 'CreateRule', 'ModifyRule', 'DeleteRule'),
      ...elb('SetRulePriorities', 'AddListenerCertificates', 'RemoveListenerCertificates'),
    ]),
    may(elb('AddTags', 'RemoveTags'), arns('listener/*', 'listener-rule/*')),
    may(elb('RegisterTargets', 'DeregisterTargets'), arns('targetgroup/*/*')),
  ]
}
