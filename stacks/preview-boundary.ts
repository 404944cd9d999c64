import { allow, deny, policy } from './policy.ts'
import type { Stage } from './stage.ts'

const name = 'wealist-preview-boundary'

/** The policy that dev makes and previews name. */
export const boundaryArn = () => $interpolate`arn:aws:iam::${aws.getCallerIdentityOutput({}).accountId}:policy/${name}`

/**
 * The most that a role can do which a preview has made, whatever policies it hangs on it: what functions and schedules of a
 * preview do. It holds no right in IAM, so nobody gets past it by way of a function.
 */
export const makeBoundary = (vpc: sst.aws.Vpc) =>
  new aws.iam.Policy('PreviewBoundary', {
    name,
    description: 'the most that roles of previews can do',
    policy: policy([
      allow(
        ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'],
        ['arn:aws:logs:*:*:log-group:/aws/lambda/wealist-pr-*'],
      ),
      allow(
        ['secretsmanager:GetSecretValue', 'secretsmanager:PutSecretValue'],
        ['arn:aws:secretsmanager:*:*:secret:wealist/pr-*'],
      ),
      allow(['secretsmanager:GetSecretValue'], ['arn:aws:secretsmanager:*:*:secret:wealist/dev/data-*']),
      allow(['s3:*Object', 's3:AbortMultipartUpload', 's3:List*'], ['arn:aws:s3:::wealist-pr-*']),
      allow(['lambda:InvokeFunction', 'lambda:InvokeFunctionUrl'], ['arn:aws:lambda:*:*:function:wealist-pr-*']),
      allow(['execute-api:ManageConnections']),
      // Lambda puts a function into the network by the function's own role.
      allow([...interfaces, 'ec2:DescribeNetworkInterfaces', 'ec2:DescribeSubnets']),
      deny(interfaces, ['*'], { Null: { 'ec2:Vpc': 'false' }, ArnNotEquals: { 'ec2:Vpc': vpc.nodes.vpc.arn } }),
    ]),
  })
const interfaces = [
  ...['ec2:CreateNetworkInterface', 'ec2:DeleteNetworkInterface'],
  ...['ec2:AssignPrivateIpAddresses', 'ec2:UnassignPrivateIpAddresses'],
]

/** Every role of the pipeline's stages is made within the boundary; who deploys one of their own has rights of their own. */
export const keepWithinBoundary = ({ name: stage }: Stage) => {
  if (!stage.startsWith('pr-')) return
  const permissionsBoundary = boundaryArn()
  $transform(aws.iam.Role, (args) => void (args.permissionsBoundary = permissionsBoundary))
}
